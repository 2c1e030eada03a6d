import numpy as np
import pytest
import tensorflow as tf

import zoo
from zoo.data import separable


def rosenblatt(x, y, rate):
    """Yield (w, b) after every example of the rule as the lecture writes it, in float32."""
    w, b, rate = np.zeros(x.shape[1], "float32"), np.float32(0), np.float32(rate)
    for example, target in zip(x, y.astype("float32"), strict=True):
        fired = np.float32(np.dot(example, w) + b >= 0)
        w = w + rate * ((target - fired) * example)
        b = b + rate * (target - fired)
        yield w, b


@pytest.mark.parametrize("rate", [1.0, 0.1])
def test_fit_with_batch_size_one_is_rosenblatt_s_rule_to_the_last_bit(rate):
    x, y, *_ = separable(60, margin=0.05, seed=3)
    model = zoo.build("perceptron", learning_rate=rate)
    for update, (w, b) in enumerate(rosenblatt(x, y, rate)):
        model.fit(x[update : update + 1], y[update : update + 1], batch_size=1, verbose=0)
        kernel, bias = model.get_weights()
        assert kernel.ravel().tobytes() == w.tobytes(), f"w after update {update + 1}"
        assert bias.tobytes() == b.tobytes(), f"b after update {update + 1}"
    assert update == 59
    assert np.abs(kernel).sum() > 0


def test_one_epoch_of_fit_is_the_rule_applied_in_order():
    x, y, *_ = separable(300, inputs=5, margin=0.05, seed=4)
    model = zoo.build("perceptron", inputs=5)
    model.fit(x, y, batch_size=1, shuffle=False, verbose=0)
    *_, (w, b) = rosenblatt(x, y, 1.0)
    kernel, bias = model.get_weights()
    np.testing.assert_array_equal(kernel.ravel(), w)
    np.testing.assert_array_equal(bias, [b])


@pytest.mark.parametrize("seed", range(4))
def test_novikoff_bounds_the_mistakes_on_separable_data(seed):
    x, y, normal, offset = separable(80, margin=0.15, seed=seed)
    # The bias is the weight of a constant input 1, so the bound holds in that larger space.
    extended = np.hstack([x, np.ones((len(x), 1), "float32")])
    solution = np.append(normal, offset)
    signed = (2 * y - 1) * (extended @ solution) / np.linalg.norm(solution)
    bound = (np.linalg.norm(extended, axis=1).max() / signed.min()) ** 2
    model = zoo.build("perceptron")
    mistakes = 0
    while True:
        # The step's output before each update is right or wrong by exactly 1, and the loss is ½.
        history = model.fit(x, y, batch_size=1, shuffle=False, verbose=0).history
        made = round(2 * history["loss"][0] * len(x))
        mistakes += made
        assert mistakes <= bound
        if made == 0:
            break
    assert mistakes > 0


def test_novikoff_holds_on_a_thousand_random_sets():
    """The model's own loss, gradient and optimizer, one example at a time, inside one graph."""
    model = zoo.build("perceptron")
    model.optimizer.build(model.trainable_variables)

    @tf.function(input_signature=[tf.TensorSpec((12, 2)), tf.TensorSpec((12,))])
    def mistakes_until_all_are_right(x, y):
        total, made = tf.constant(0), tf.constant(1)
        while made > 0:
            made = tf.constant(0)
            for row in tf.range(12):
                with tf.GradientTape() as tape:
                    fired = model(x[row][None], training=True)
                    loss = model.compute_loss(x[row][None], y[row][None], fired)
                gradients = tape.gradient(loss, model.trainable_variables)
                model.optimizer.apply(gradients, model.trainable_variables)
                made += tf.cast(tf.round(2 * loss), tf.int32)
            total += made
        return total

    fresh = model.get_weights()
    totals = []
    for seed in range(1000):
        x, y, normal, offset = separable(12, margin=0.1, seed=seed)
        extended = np.hstack([x, np.ones((len(x), 1), "float32")])
        solution = np.append(normal, offset)
        signed = (2 * y - 1) * (extended @ solution) / np.linalg.norm(solution)
        bound = (np.linalg.norm(extended, axis=1).max() / signed.min()) ** 2
        model.set_weights(fresh)
        totals.append(int(mistakes_until_all_are_right(x, y.astype("float32"))))
        assert totals[-1] <= bound
    assert np.mean(totals) > 2


def test_xor_is_never_learned():
    xor = zoo.data.load("xor").train
    model = zoo.build("perceptron")
    most = 0
    for _ in range(60):
        model.fit(xor.x, xor.y, batch_size=1, verbose=0)
        right = int(((model(xor.x).numpy()[:, 0] >= 0.5) == xor.y).sum())
        most = max(most, right)
    assert most <= 3


@pytest.mark.parametrize("gate", ["and", "or", "nand"])
def test_the_other_gates_are_learned(gate):
    table = zoo.data.load(gate).train
    model = zoo.build("perceptron")
    model.fit(table.x, table.y, batch_size=1, epochs=15, verbose=0)
    assert model.evaluate(table.x, table.y, return_dict=True, verbose=0)["accuracy"] == 1.0

"""The head's forward pass in training, compiled in part, compared with Keras's own call."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from zoo.training.forward import forward_of

OPTIONS = {
    "batch normalization": {"normalization": "batch"},
    "with dropout": {"normalization": "batch", "dropout": 0.3},
    "prelu": {"normalization": "batch", "activation": "prelu"},
    "step": {"normalization": "batch", "activation": "step"},
    "layer normalization": {"normalization": "layer"},
    "no normalization": {},
}


def outputs_and_gradients(compiled, options, policy):
    keras.utils.set_random_seed(1)
    keras.mixed_precision.set_global_policy(policy)
    try:
        model = zoo.build("deep_relu", size=8, width=32, **options)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    head = model.get_layer("head")
    own = lambda x: head(x, training=True)  # noqa: E731
    forward = forward_of(head, tf.distribute.get_strategy()) if compiled else own
    x = np.random.default_rng(0).standard_normal((64, 192), np.float32)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            y = forward(tf.constant(x))
            loss = tf.reduce_sum(y[:, 0])
        return y, tape.gradient(loss, model.trainable_variables)

    y, gradients = step()
    moving = [variable for variable in model.non_trainable_variables if "seed" not in variable.path]
    return [np.array(part, np.float32) for part in (y, *gradients, *moving)]


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize(
    ("policy", "tolerance"), [("float32", 1e-5), ("mixed_bfloat16", 0.05)], ids=["float", "half"]
)
def test_it_is_what_the_head_computes(name, policy, tolerance):
    found = outputs_and_gradients(True, OPTIONS[name], policy)
    expected = outputs_and_gradients(False, OPTIONS[name], policy)
    for one, other in zip(found, expected, strict=True):
        scale = max(1.0, float(np.abs(other).max()))
        np.testing.assert_allclose(one, other, atol=tolerance * scale)


def test_the_losses_of_layers_are_within_reach_of_the_step():
    head = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.BatchNormalization(),
            keras.layers.Activation("relu", activity_regularizer="l2"),
        ]
    )
    forward = forward_of(head, tf.distribute.get_strategy())

    @tf.function
    def loss_of(x):
        forward(x)
        return tf.add_n(head.losses)

    assert loss_of(tf.random.normal((8, 4), seed=0)) > 0

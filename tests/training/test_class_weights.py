"""Examples of rare classes count more: as Keras and scikit-learn count them."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.utils.class_weight import compute_class_weight

import zoo
from zoo import ZooError, data
from zoo.data.dataset import Split
from zoo.registry.recipes import Augmentation
from zoo.training.augmentation import Augmenter
from zoo.training.checkpoints import Position
from zoo.training.class_weights import balanced
from zoo.training.examples import ResidentExamples
from zoo.training.loop import TrainingLoop, epoch_order

EXAMPLES, BATCH = 64, 16
# One class is eight times as frequent as the other.
Y = (np.arange(EXAMPLES) % 9 == 0).astype("int64")
WEIGHTS = balanced(Y, 2)[Y]
X = np.random.default_rng(0).integers(0, 256, (EXAMPLES, 8, 8, 3)).astype("uint8")


def test_balanced_weights_are_those_of_scikit_learn():
    y = np.random.default_rng(0).choice(5, 1000, p=[0.5, 0.3, 0.15, 0.04, 0.01])
    expected = compute_class_weight("balanced", classes=np.arange(5), y=y)
    np.testing.assert_allclose(balanced(y, 5), expected, rtol=1e-6)
    assert balanced(np.array([0, 2]), 3)[1] == 0


def built(name):
    keras.utils.set_random_seed(3)
    return zoo.build(name, **({} if name == "xor_mlp" else {"size": 8}))


def run_epoch(model, x, y, weights=WEIGHTS, augmenter=None, **how):
    strategy = tf.distribute.get_strategy()
    examples = ResidentExamples(model, strategy, Split(x, y), augmenter)
    how |= {"batch_size": BATCH, "seed": 5, "augmenter": augmenter, "weights": weights}
    loop = TrainingLoop(model, strategy, examples, **how)
    for _ in loop.epoch(Position(), lambda step: 2**31):
        pass
    return loop.logs()


@pytest.mark.parametrize("name", ["xor_mlp", "linear_cat_dog", "deep_relu"])
@pytest.mark.parametrize("jit", [False, True])
def test_the_loop_equals_fit_with_these_weights(name, jit):
    x = X[:, 0, 0, :2].astype("float32") / 255 if name == "xor_mlp" else X
    y = zoo.describe(name).task.targets(Y)
    by_loop, by_fit = built(name), built(name)
    logs = run_epoch(by_loop, x, y, jit=jit)
    order = epoch_order(5, 0, EXAMPLES)
    # Keras takes class weights for indices alone, not for a perceptron's −1 and 1.
    how = {"class_weight": dict(enumerate(balanced(Y, 2)))}
    if name == "linear_cat_dog":
        how = {"sample_weight": WEIGHTS[order]}
    history = by_fit.fit(x[order], y[order], BATCH, shuffle=False, verbose=0, **how).history
    for one, other in zip(by_loop.get_weights(), by_fit.get_weights(), strict=True):
        # XLA sums in another order, and Adam takes a step even for a gradient of all but zero.
        np.testing.assert_allclose(one, other, atol=2e-3 if jit else 1e-6)
    assert logs["loss"] == pytest.approx(history["loss"][0], abs=1e-5)


def test_smoothed_and_mixed_labels_count_by_their_classes():
    model = built("deep_relu")
    # The rates of its optimizer leave the weights as they are in the first step alone.
    model.optimizer.learning_rate = 0.0
    head, preprocessing = model.get_layer("head"), model.get_layer("preprocessing")
    logarithms = np.log(head(preprocessing(X)).numpy())
    smoothed = 0.8 * np.eye(10)[Y] + 0.02
    expected = -(WEIGHTS * (smoothed * logarithms).sum(axis=1)).mean()
    found = run_epoch(model, X, Y, label_smoothing=0.2)["loss"]
    assert found == pytest.approx(expected, rel=1e-5)
    # A class that weighs nothing counts nothing, in whatever share it is mixed in.
    mixed = {"augmenter": Augmenter(Augmentation(mixup=0.4)), "label_smoothing": 0.2}
    ones, none, half = (
        run_epoch(model, X, Y, np.where(Y == 0, weight, 1).astype("float32"), **mixed)["loss"]
        for weight in (1, 0, 0.5)
    )
    assert half == pytest.approx((ones + none) / 2, rel=1e-5)


def test_validation_and_test_figures_are_not_weighted(small_photos, tmp_path):
    settings = {"dataset": "photos", "data_dir": small_photos, "options": {"size": 4, "width": 8}}
    settings |= {"epochs": 1, "batch_size": 16, "run_dir": tmp_path, "class_weight": "balanced"}
    results = zoo.train("deep_relu", **settings)
    test = data.load("photos", small_photos).test
    model = zoo.load_model(tmp_path)
    right = [model.predict(photo[None], verbose=0).argmax() for photo in test.x] == test.y
    assert results["test"]["accuracy"] == pytest.approx(right.mean(), abs=1e-6)


def test_values_have_no_class_weights():
    from zoo.registry.solvers import load_solver

    recipe = zoo.Recipe(epochs=1, batch_size=1, learning_rate=0.1, class_weight="balanced")
    split = Split(np.zeros((2, 2), "float32"), np.zeros(2, "float32"))
    values = data.dataset.computed_dataset(
        "heights", "vector", dict.fromkeys(data.dataset.SPLITS, split), values=[zoo.Value("h")]
    )
    with pytest.raises(ZooError, match="--class-weight is for classes; the targets of heights"):
        load_solver("gradient").check(built("xor_mlp"), recipe, values)

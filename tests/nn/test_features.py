"""The layer of features of a few numbers, in models that are built by name."""

import keras
import numpy as np
import pytest

import zoo
from zoo.data import load
from zoo.errors import ZooError
from zoo.nn.features import InputFeatures
from zoo.nn.loading import load_model

X = np.random.default_rng(0).uniform(-3, 3, (7, 2)).astype(np.float32)


def test_every_feature_is_the_function_it_is_named_after():
    names = ["x1", "x2", "x1^2", "x2^2", "x1*x2", "sin(x1)", "sin(x2)"]
    x1, x2 = X.astype(np.float64).T
    expected = np.stack([x1, x2, x1**2, x2**2, x1 * x2, np.sin(x1), np.sin(x2)], axis=1)
    found = InputFeatures(names)(X)
    assert found.shape == (7, 7)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_features_of_more_inputs_are_numbered_on():
    x = np.arange(24, dtype=np.float32).reshape(2, 12)
    found = InputFeatures(["x12", "x3*x11"])(x)
    np.testing.assert_array_equal(found, np.stack([x[:, 11], x[:, 2] * x[:, 10]], axis=1))


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["x1", "x0"], "There is no feature 'x0'; write x1, x1^2, x1*x2 or sin(x1)"),
        (["x1^3"], "There is no feature 'x1^3'"),
        (["cos(x1)"], "There is no feature 'cos(x1)'"),
        (["x1", "x1"], "A feature is given twice in x1, x1; give each once."),
        ([], "No feature is given; give at least one"),
    ],
)
def test_a_wrong_name_is_one_sentence(names, sentence):
    with pytest.raises(ZooError) as caught:
        InputFeatures(names)
    assert sentence in str(caught.value)


def test_a_feature_of_an_input_that_there_is_not_is_one_sentence():
    with pytest.raises(ZooError, match=r"^The feature x1\*x3 needs 3 inputs, and there are 2"):
        zoo.build("perceptron", features="x1,x1*x3")


def test_a_model_with_features_is_saved_and_loaded(tmp_path):
    model = zoo.build("plane_classifier", features="x1*x2, sin(x2)", widths="3")
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(load_model(tmp_path / "model.keras")(X), model(X))


def test_the_perceptron_learns_xor_from_the_product_of_its_inputs():
    split, errors = load("xor").train, {}
    for features in ("", "x1,x2,x1*x2"):
        keras.utils.set_random_seed(0)
        model = zoo.build("perceptron", features=features)
        model.fit(split.x, split.y, batch_size=1, epochs=20, verbose=0)
        errors[features] = int(((model(split.x).numpy()[:, 0] >= 0.5) != split.y).sum())
    assert errors[""] > 0
    assert errors["x1,x2,x1*x2"] == 0

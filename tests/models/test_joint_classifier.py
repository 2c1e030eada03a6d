"""The classifier of patches around joints."""

import numpy as np
import pytest

import zoo
from zoo import data
from zoo.data.figures import LABELS
from zoo.errors import ZooError


@pytest.fixture(scope="module")
def patches():
    return np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), np.uint8)


def dense_layers(model):
    return [layer for layer in model.get_layer("head").layers if layer.name.startswith("hidden")]


@pytest.mark.parametrize(
    ("options", "features"),
    [
        ({}, 8 * 8 * 11),
        ({"features": "pixels"}, 32 * 32 * 3),
        ({"size": 16}, 4 * 4 * 11),
        ({"depth": 0, "features": "pixels", "size": 5}, 75),
    ],
)
def test_a_patch_gets_one_probability_per_joint(options, features, patches):
    model = zoo.build("joint_classifier", **options)
    answers = np.asarray(model(patches))
    assert answers.shape == (4, len(LABELS))
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-5)
    assert model.get_layer("head").input_shape == (None, features)
    assert len(dense_layers(model)) == options.get("depth", 2)


def test_recipes_are_linear_on_pixels_and_deep_on_gradients():
    recipes = zoo.describe("joint_classifier").recipes
    linear, best = (
        zoo.build("joint_classifier", **recipes[name].options) for name in ("linear", "best")
    )
    assert dense_layers(linear) == []
    assert len(dense_layers(best)) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"features": "edges"}, "pixels, gradients"),
        ({"size": 30}, "give a multiple of 4"),
        ({"size": 0}, "give a whole number from 1 up"),
        ({"classes": 1}, "at least 2"),
        ({"depth": -1}, "give 0 .no hidden layer. or more"),
    ],
)
def test_options_out_of_range_are_one_sentence(options, message):
    with pytest.raises(ZooError, match=message) as caught:
        zoo.build("joint_classifier", **options)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_depth_helps_on_patches_of_people_never_seen(tmp_path):
    accuracy = {}
    for recipe in ("linear", "best"):
        results = zoo.train("joint_classifier", recipe=recipe, epochs=2, run_dir=tmp_path / recipe)
        accuracy[recipe] = results["test"]["accuracy"]
    y = data.load("figures").test.y
    most_frequent = np.bincount(y).max() / len(y)
    assert accuracy["best"] > accuracy["linear"] + 0.1 > most_frequent + 0.15

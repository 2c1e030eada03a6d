"""Recipes by name: what they train is exactly the model that the builder builds."""

import json
from dataclasses import replace

import numpy as np
import pytest

import zoo
from zoo import ZooError, data
from zoo.registry.recipes import OPTIMIZERS, Augmentation, Recipe
from zoo.registry.solvers import solver_entry
from zoo.training import Training
from zoo.training.loop import epoch_order

NAMED = [(name, recipe) for name in zoo.list_models() for recipe in zoo.describe(name).recipes]


@pytest.mark.parametrize(("name", "recipe"), NAMED)
def test_a_recipe_builds_its_model_and_reads_as_a_text(name, recipe):
    spec = zoo.describe(name)
    chosen = Training(name, recipe=recipe).choose_recipe(spec)
    assert chosen == spec.recipes[recipe]
    model = zoo.build(name, **chosen.options)
    assert model.count_params() > 0
    text = chosen.text()
    assert text.endswith(".")
    descends = "epochs" in solver_entry(chosen.solver).reads
    how = f"{chosen.epochs} epochs" if descends else f"Solver {chosen.solver}"
    assert how in text


def test_the_best_recipe_ends_in_the_plain_model(tmp_path, tfds_dir):
    results = zoo.train(
        "deep_relu",
        recipe="best",
        options={"width": 32, "depth": 1, "size": 8},
        epochs=1,
        run_dir=tmp_path / "run",
    )
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["options"]["normalization"] == "batch"
    assert config["precision"] == "mixed_bfloat16"
    # The options stand for the whole form: nothing of the training is left in the model.
    model, plain = zoo.load_model(tmp_path / "run"), zoo.build("deep_relu", **config["options"])
    assert [weight.shape for weight in model.weights] == [weight.shape for weight in plain.weights]
    test = data.load("cifar10", tfds_dir).test
    answers = model.predict(np.asarray(test.x), batch_size=1000, verbose=0).argmax(axis=1)
    # The training evaluates in bfloat16, which decides a few close calls the other way.
    assert (answers == test.y).mean() == pytest.approx(results["test"]["accuracy"], abs=0.005)
    # Chance is 0.1; a batch normalisation has hardly settled after one epoch.
    assert results["test"]["accuracy"] > 0.2


def test_averaged_weights_are_those_that_are_kept(tmp_path):
    weights = {}
    for averaging in (1.0, 0.0):
        recipe = Recipe(epochs=1, batch_size=1, learning_rate=1.0, averaging=averaging)
        run = tmp_path / str(averaging)
        zoo.train("perceptron", recipe=recipe, run_dir=run)
        assert json.loads((run / "config.json").read_text())["recipe_name"] == "custom"
        weights[averaging] = zoo.load_model(run).get_weights()[0]
    # Keras starts the average at the weights after the first step: Rosenblatt's ± x.
    train = data.load("blobs").train.x
    first = train[epoch_order(0, 0, len(train))[0]]
    np.testing.assert_allclose(np.abs(weights[1.0][:, 0]), np.abs(first), rtol=1e-6)
    assert np.abs(weights[0.0] - weights[1.0]).max() > 0.1


def test_a_recipe_that_does_not_exist_is_one_sentence(tmp_path):
    with pytest.raises(ZooError, match="choose from lecture"):
        zoo.train("xor_mlp", recipe="first", run_dir=tmp_path / "run")
    with pytest.raises(ZooError, match="did you mean best"):
        zoo.train("deep_relu", recipe="beste", run_dir=tmp_path / "run")


def test_photos_of_different_sizes_are_not_augmented(photos_dir, tmp_path):
    with pytest.raises(ZooError, match="photos of one size"):
        zoo.train(
            "deep_relu",
            recipe="best",
            options={"classes": 2},
            dataset="photos",
            data_dir=photos_dir,
            batch_size=8,
            run_dir=tmp_path / "run",
        )


def test_an_augmentation_reads_as_a_text():
    assert Augmentation(flip=True, shift=3, rotation=6).text() == (
        "flips, shifts by up to 3 pixels, rotations by up to 6°"
    )
    light = Augmentation(brightness=0.2, contrast=0.5, cutmix=1, unmixed=1 / 6)
    assert light.text() == (
        "brightness changed by up to 20 %, contrast changed by up to 50 %, cutmix with α 1, "
        "no mixing in the last 16.7 % of the epochs"
    )


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(("name", "recipe"), NAMED)
def test_any_optimizer_can_take_the_place_of_a_recipe_s(optimizer, name, recipe):
    spec = zoo.describe(name)
    named = spec.recipes[recipe]
    if named.solver != "gradient":
        return
    training = Training(name, recipe=recipe, optimizer=optimizer)
    chosen = training.choose_recipe(spec)
    assert type(chosen.build_optimizer()).__name__.lower() == optimizer
    sentence = training.left_out(spec, chosen)
    for field in ("momentum", "weight_decay"):
        left_out = getattr(named, field) and not getattr(chosen, field)
        assert (f"{field} {getattr(named, field)}" in sentence) == bool(left_out)


@pytest.mark.parametrize("optimizer", ["rmsprop", "lion"])
def test_the_state_of_an_optimizer_is_in_the_checkpoints(optimizer, tmp_path):
    recipe = Recipe(epochs=3, batch_size=4, learning_rate=0.05, optimizer=optimizer)
    recipe = replace(recipe, **({"momentum": 0.9} if optimizer == "rmsprop" else {}))
    for run, epochs in (("parts", 3), ("parts", 6), ("whole", 6)):
        zoo.train("xor_mlp", recipe=recipe, epochs=epochs, run_dir=tmp_path / run)
    parts, whole = (zoo.load_model(tmp_path / run).get_weights() for run in ("parts", "whole"))
    for one, other in zip(parts, whole, strict=True):
        assert one.tobytes() == other.tobytes()

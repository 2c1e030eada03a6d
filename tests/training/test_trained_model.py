"""What a training builds, and what it saves: the model that was trained, compiled as it was."""

import dataclasses
import functools
import json

import keras
import numpy as np
import pytest

import zoo
from zoo.registry import models
from zoo.registry.recipes import Recipe
from zoo.registry.tasks import ACCURACY
from zoo.training import Training, checkpoints
from zoo.training.run import train
from zoo.training.run_folder import RunFolder
from zoo.training.trained_model import check_figure, load_trained

IDENTITY = {"name": "xor", "fingerprint": "0", "labels": ["0", "1"]}
SMALL = {"size": 4, "width": 8, "dropout": 0.1, "normalization": "batch"}


@pytest.fixture
def counted(monkeypatch):
    """How often deep_relu's builder and Keras's `compile` were called."""
    calls = {"build": 0, "compile": 0}
    spec = zoo.describe("deep_relu")
    compile_ = keras.Model.compile

    @functools.wraps(spec.builder)
    def builder(**options):
        calls["build"] += 1
        return spec.builder(**options)

    def counting(self, *arguments, **options):
        calls["compile"] += 1
        return compile_(self, *arguments, **options)

    monkeypatch.setattr(keras.Model, "compile", counting)
    monkeypatch.setitem(models._specs, "deep_relu", dataclasses.replace(spec, builder=builder))
    return calls


@pytest.mark.parametrize(
    ("precision", "classes", "builds"),
    [("float32", {"classes": 2}, 1), ("float32", {}, 2), ("mixed_bfloat16", {"classes": 2}, 2)],
)
def test_a_model_is_built_once_unless_data_or_precision_ask_for_another(
    precision, classes, builds, counted, small_photos, tmp_path
):
    train(
        "deep_relu",
        options={**SMALL, **classes},
        dataset="photos",
        data_dir=small_photos,
        batch_size=8,
        epochs=1,
        precision=precision,
        run_dir=tmp_path / "run",
    )
    # By the builder, for the recipe's schedule, and without what the optimizer remembers.
    assert counted == {"build": builds, "compile": builds + 2}


def test_a_model_that_is_not_compiled_is_refused(monkeypatch, tmp_path):
    spec = zoo.describe("xor_mlp")

    @functools.wraps(spec.builder)
    def builder(**options):
        model = spec.builder(**options)
        return keras.Model(model.inputs, model.outputs)

    other = dataclasses.replace(spec, builder=builder)
    monkeypatch.setitem(models._specs, "xor_mlp", other)
    with pytest.raises(zoo.ZooError, match="xor_mlp is not compiled"):
        train("xor_mlp", run_dir=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_a_saved_model_is_float32_and_compiled_as_it_was_trained(precision, small_photos, tmp_path):
    run = tmp_path / "run"
    recipe = Recipe(
        epochs=2,
        batch_size=8,
        learning_rate=0.02,
        momentum=0.5,
        schedule="cosine",
        warmup=0.25,
        precision=precision,
    )
    zoo.train(
        "deep_relu",
        recipe=recipe,
        options=SMALL,
        dataset="photos",
        data_dir=small_photos,
        run_dir=run,
    )
    model = load_trained(RunFolder(run))
    steps = 2 * (RunFolder(run).results()["examples"]["train"] // 8)
    expected = recipe.build_optimizer(steps).get_config()
    assert {**model.optimizer.get_config(), "name": expected["name"]} == expected
    assert isinstance(model.loss, keras.losses.SparseCategoricalCrossentropy)
    assert {layer.compute_dtype for layer in model._flatten_layers()} == {"float32"}
    _, arrays = checkpoints.decode(checkpoints.latest(run / "checkpoints"))
    saved = {weight.tobytes() for weight in model.get_weights()}
    assert saved <= {np.asarray(array).tobytes() for array in arrays.values()}
    # Compiled means that it can be trained further and evaluated as it is.
    x = np.zeros((2, 4, 4, 3), "uint8")
    assert set(model.evaluate(x, np.array([0, 1]), verbose=0, return_dict=True)) == {
        "loss",
        "accuracy",
    }
    assert int(model.optimizer.iterations) == 0


@pytest.mark.parametrize(
    ("precision", "examples", "differing", "accepted"),
    [
        ("mixed_bfloat16", 30, 1, True),
        ("mixed_bfloat16", 30, 2, False),
        ("mixed_bfloat16", 1000, 10, True),
        ("mixed_bfloat16", 1000, 12, False),
        ("float32", 30, 1, False),
        ("float32", 1000, 1, True),
    ],
)
def test_half_precision_may_decide_a_point_and_one_example_otherwise(
    precision, examples, differing, accepted, tmp_path
):
    config = {"model": "xor_mlp", "options": {}, "dataset": IDENTITY, "data_dir": None}
    config |= {"recipe": {}, "seed": 0, "precision": precision, "solver": {}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    results = {"model": "xor_mlp", "dataset": IDENTITY, "examples": {"test": examples}}
    results |= {"epochs": 1, "test": {"accuracy": 0.5}}
    (tmp_path / "results.json").write_text(json.dumps(results))
    for sign in (-1, 1):
        found = {"accuracy": (examples / 2 + sign * differing) / examples}
        if accepted:
            check_figure(RunFolder(tmp_path), ACCURACY, found, examples)
        else:
            with pytest.raises(zoo.ZooError, match="it is not the model of this run"):
                check_figure(RunFolder(tmp_path), ACCURACY, found, examples)


def test_config_json_repeats_its_training(tmp_path):
    recipe = Recipe(epochs=3, batch_size=4, learning_rate=0.3, optimizer="adam")
    zoo.train("xor_mlp", recipe=recipe, seed=7, run_dir=tmp_path / "run")
    settings = json.loads((tmp_path / "run" / "config.json").read_text())["settings"]
    training = dataclasses.replace(Training.from_dict(settings), run_dir=tmp_path / "again")
    assert training.recipe == recipe
    train(**{of.name: getattr(training, of.name) for of in dataclasses.fields(training)})
    first, again = (zoo.load_model(tmp_path / name).get_weights() for name in ("run", "again"))
    assert [weight.tobytes() for weight in first] == [weight.tobytes() for weight in again]

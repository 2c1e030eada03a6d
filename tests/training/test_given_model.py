"""The run folder of a model that was trained outside of `zoo.train`."""

import keras
import numpy as np
import pytest

import zoo
from zoo import data, edge
from zoo.registry.recipes import Recipe
from zoo.training.given_model import write_run


@pytest.fixture
def dataset():
    generator = np.random.default_rng(0)
    x = generator.uniform(-1, 1, (60, 2))
    return data.from_arrays(x, (x[:, 0] > x[:, 1]).astype(int), labels=["0", "1"], name="halves")


@pytest.fixture
def model():
    keras.utils.set_random_seed(3)
    return zoo.build("xor_mlp", hidden=3)


RECIPE = Recipe(5, 4, 0.1, optimizer="adam", options={"hidden": 3})


def written(tmp_path, model, dataset):
    return write_run(
        tmp_path / "run", "xor_mlp", model, dataset, recipe=RECIPE, epochs=5, steps=50, seed=3
    )


def test_its_results_are_those_of_the_model(tmp_path, model, dataset):
    model.fit(np.asarray(dataset.train.x), dataset.train.y[:, None], epochs=5, verbose=0)
    results = written(tmp_path, model, dataset)
    outputs = np.asarray(model(dataset.test.x))[:, 0]
    right = float(((outputs >= 0.5) == (dataset.test.y == 1)).mean())
    assert results["test"]["accuracy"] == pytest.approx(right, abs=1e-6)
    assert (results["epochs"], results["steps"]) == (5, 50)
    again = zoo.evaluate(results["run_dir"], dataset=dataset)
    assert again["test"] == pytest.approx(results["test"], abs=1e-6)


def test_its_bundle_answers_as_the_model(tmp_path, model, dataset):
    results = written(tmp_path, model, dataset)
    bundle = zoo.export_run(results["run_dir"], kinds=("float32",), dataset=dataset)
    manifest = edge.read_manifest(bundle)
    assert manifest["options"]["hidden"] == 3
    assert manifest["artifacts"]["float32"]["metrics"]["accuracy"] == results["test"]["accuracy"]
    for x in dataset.test.x:
        found = edge.load(bundle).predict(x).score
        assert found == pytest.approx(float(model(x[None])[0, 0]), abs=1e-6)


def test_a_folder_of_another_run_stays_as_it_is(tmp_path, model, dataset):
    written(tmp_path, model, dataset)
    before = (tmp_path / "run" / "results.json").read_bytes()
    with pytest.raises(zoo.ZooError, match="another run"):
        written(tmp_path, model, dataset)
    assert (tmp_path / "run" / "results.json").read_bytes() == before


def test_weights_that_are_not_finite_are_refused(tmp_path, model, dataset):
    model.set_weights([np.full_like(part, np.nan) for part in model.get_weights()])
    with pytest.raises(zoo.ZooError, match=r"not finite|nan"):
        written(tmp_path, model, dataset)

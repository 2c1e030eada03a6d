"""Tables with columns in units of their own are scaled by the model, in training and every file."""

import dataclasses
import json

import keras
import numpy as np
import pytest

import zoo
from zoo import Value, ZooError, data, edge
from zoo.data.dataset import SPLITS, Split, computed_dataset
from zoo.errors import Preempted
from zoo.export.bundle import export_run
from zoo.export.verify import verify
from zoo.nn.scaling import input_scaling, output_scaling
from zoo.registry.tasks import Limits
from zoo.testing import _stopper
from zoo.training.run_folder import RunFolder
from zoo.training.trained_model import load_trained

INPUTS = ("age", "income", "year", "constant")
VALUES = (Value("price", "EUR"), Value("share"))
LIMITS = Limits(max_increase=25)
QUICK = {"epochs": 30, "options": {"depth": 1, "width": 32}}


def table(name, targets, **meaning):
    """Return rows of ages 0…100, incomes 0…1e6, years 1990…2010, and a constant."""
    splits = {}
    for seed, (split, count) in enumerate(zip(SPLITS, (900, 100, 300), strict=True)):
        random = np.random.default_rng(seed)
        x = random.uniform([0, 0, 1990, 7], [100, 1e6, 2010, 7], (count, 4)).astype("float32")
        age, income, year, _ = (x - [50, 5e5, 2000, 0]).T / [[30], [3e5], [6], [1]]
        splits[split] = Split(x, targets(age, income, year))
    made = computed_dataset(name, "vector", splits, **meaning)
    return dataclasses.replace(made, inputs=INPUTS, standardize=True)


def classes():
    def targets(age, income, year):
        scores = np.stack([age, income, year], axis=1)
        return scores.argmax(axis=1).astype("int64")

    return table("units", targets, labels=("old", "rich", "new"))


def two_classes():
    def targets(age, income, year):
        return (age + income + year > 0).astype("int64")

    return table("two_units", targets, labels=("low", "high"))


def values():
    def targets(age, income, year):
        price = 2e5 + 1e5 * (age + np.maximum(income, 0))
        return np.stack([price, 0.01 * year], axis=1).astype("float32")

    return table("prices", targets, values=VALUES)


@pytest.fixture(scope="module", autouse=True)
def registered():
    """Register the tables for the tests of this file."""
    for load in (classes, two_classes, values):
        one = load()
        meaning = {"labels": one.labels, "values": one.values}
        data.register_dataset(one.name, kind="vector", summary="A table.", **meaning)(load)
    yield
    for load in (classes, two_classes, values):
        data.unregister_dataset(load().name)


@pytest.fixture(scope="module")
def runs(registered, tmp_path_factory):
    """The folders of a classifier and of a regression that were trained on these tables."""
    folder = tmp_path_factory.mktemp("standardizing")
    zoo.train("deep_relu", dataset="units", run_dir=folder / "units", **QUICK)
    zoo.train("deep_regression", dataset="prices", run_dir=folder / "prices", **QUICK)
    return folder


@pytest.mark.parametrize(
    ("name", "dataset", "least"),
    [
        ("perceptron", "two_units", 0.85),
        ("xor_mlp", "two_units", 0.85),
        ("linear_cat_dog", "two_units", 0.9),
        ("cifar_softmax", "units", 0.9),
        ("deep_relu", "units", 0.9),
    ],
)
def test_classifiers_learn_from_columns_of_any_unit(name, dataset, least, tmp_path):
    settings = {} if name in ("linear_cat_dog", "cifar_softmax") else {"epochs": 5}
    settings |= {"epochs": 40, "batch_size": 100} if name == "deep_relu" else {}
    results = zoo.train(name, dataset=dataset, run_dir=tmp_path / "run", **settings)
    assert results["test"]["accuracy"] >= least
    options = RunFolder(tmp_path / "run").config()["options"]
    assert options["inputs"] == 4
    assert options["standardize"] is True


@pytest.mark.parametrize(
    ("name", "settings", "errors"),
    [
        ("linear_regression", {}, (3e4, 1e-4)),
        ("linear_regression", {"recipe": "gradient", "epochs": 50}, (3e4, 1e-3)),
        ("deep_regression", {"epochs": 50}, (1.5e4, 2e-3)),
    ],
)
def test_values_of_any_unit_are_learned_together(name, settings, errors, tmp_path):
    zoo.train(name, dataset="prices", run_dir=tmp_path / "run", **settings)
    test = values().test
    found = zoo.load_model(tmp_path / "run").predict(test.x, verbose=0) - test.y
    assert (np.sqrt(np.mean(found**2, axis=0)) < errors).all()


def test_the_statistics_are_those_of_the_training_examples(runs):
    train, model = values().train, load_trained(RunFolder(runs / "prices"))
    for scaling, numbers in ((input_scaling(model), train.x), (output_scaling(model), train.y)):
        exact = numbers.astype("float64")
        np.testing.assert_allclose(scaling.adapt_mean, exact.mean(axis=0), rtol=1e-6)
        variance = np.where(np.ptp(exact, axis=0) == 0, 1, exact.var(axis=0))
        np.testing.assert_allclose(scaling.adapt_variance, variance, rtol=1e-6)


def test_options_follow_the_data_unless_they_are_set(runs, tmp_path):
    config = RunFolder(runs / "prices").config()
    found = {name: config["options"][name] for name in ("inputs", "values", "standardize")}
    assert found == {"inputs": 4, "values": 2, "standardize": True}
    assert RunFolder(runs / "units").config()["recipe_name"] == "table"
    raw = {"standardize": False, "width": 8}
    zoo.train("deep_relu", dataset="units", run_dir=tmp_path / "raw", epochs=1, options=raw, seed=1)
    assert RunFolder(tmp_path / "raw").config()["options"]["standardize"] is False
    assert input_scaling(zoo.load_model(tmp_path / "raw")) is None


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("mark_one", {}, "mark_one takes photos, but the data set units holds rows of numbers"),
        ("perceptron", {}, "predicts 2 labels, but units has 3"),
        ("deep_relu", {"options": {"inputs": 3}}, "takes 3 numbers, but units has 4 per example; "),
        ("deep_relu", {"options": {"inputs": 0}}, "holds rows of numbers; --set inputs=4"),
        ("deep_relu", {"recipe": "best"}, "Augmentation is for photos"),
        ("deep_regression", {}, "predicts values, but the targets of units are classes"),
        ("linear_regression", {"dataset": "prices", "options": {"values": 1}}, "--set values=2"),
    ],
)
def test_data_that_does_not_fit_is_one_sentence(name, settings, message, tmp_path):
    with pytest.raises(ZooError, match=message) as caught:
        zoo.train(name, **{"dataset": "units", "run_dir": tmp_path / "run", **settings})
    assert "\n" not in str(caught.value)


def test_a_stop_and_a_resume_leave_the_same_weights_and_statistics(runs, tmp_path):
    settings = {"dataset": "prices", "run_dir": tmp_path / "run", **QUICK}
    with pytest.raises(Preempted):
        zoo.train("deep_regression", reporter=_stopper(), **settings)
    zoo.train("deep_regression", **settings)
    whole, resumed = (zoo.load_model(path) for path in (runs / "prices", tmp_path / "run"))
    for one, other in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision_keeps_the_statistics_and_the_answers(precision, runs, tmp_path):
    settings = {**QUICK, "precision": precision}
    results = zoo.train("deep_relu", dataset="units", run_dir=tmp_path / "run", **settings)
    model, whole = load_trained(RunFolder(tmp_path / "run")), zoo.load_model(runs / "units")
    for one, other in zip(model.get_weights()[:2], whole.get_weights()[:2], strict=True):
        np.testing.assert_array_equal(one, other)
    test = classes().test
    right = np.sum(model.predict(test.x, verbose=0).argmax(axis=1) == test.y)
    # Counted, since the stated accuracy is rounded to float32.
    stated = round(len(test) * results["test"]["accuracy"])
    assert abs(right - stated) <= 0.01 * len(test)


def test_a_training_equals_keras_s_fit_on_the_same_batches(tmp_path):
    keras.utils.set_random_seed(0)
    options = {"inputs": 4, "values": 2, "standardize": True, "depth": 1, "width": 16}
    settings = {"epochs": 1, "batch_size": 900, "seed": 0, "options": options}
    recipe = dataclasses.replace(zoo.describe("deep_regression").recipe, schedule="constant")
    folder = tmp_path / "run"
    zoo.train("deep_regression", dataset="prices", recipe=recipe, run_dir=folder, **settings)
    keras.utils.set_random_seed(0)
    model, train = zoo.build("deep_regression", **options), values().train
    trained = zoo.load_model(folder)
    input_scaling(model).set_statistics(*input_scaling(trained).get_weights()[:2])
    output_scaling(model).set_statistics(*output_scaling(trained).get_weights()[:2])
    model.fit(train.x, train.y, batch_size=900, shuffle=False, verbose=0)
    for one, other in zip(model.get_weights(), trained.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["units", "prices"])
def test_every_exported_file_takes_raw_numbers(name, runs, tmp_path):
    bundle = export_run(runs / name, tmp_path / "bundle", onnx=name == "prices", limits=LIMITS)
    manifest = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
    dataset = data.load(name)
    agreements = {kind: entry["agreement"] for kind, entry in manifest["artifacts"].items()}
    assert set(agreements) >= {"keras", "saved_model", "float32", "float16", "dynamic", "int8"}
    assert min(agreements.values()) > 0.95
    assert verify(bundle, dataset, LIMITS).problems == []
    expected = zoo.load_model(runs / name).predict(dataset.test.x, verbose=0)
    for kind in ("float32", "float16", "dynamic", "int8"):
        found = edge.load(bundle, kind).raw(dataset.test.x)
        # Relative to the range of each output, whatever its unit.
        error = np.abs(found - expected).max(axis=0) / np.ptp(expected, axis=0)
        assert error.max() < {"float32": 1e-5, "float16": 5e-3}.get(kind, 0.1)

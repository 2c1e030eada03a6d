"""A model of values goes the whole way: train, export, verify, predict, plot, report."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import zoo
from zoo import Value, Values, ZooError, data, edge
from zoo.cli.root import main
from zoo.data import catalog
from zoo.data.dataset import SPLITS, Split, computed_dataset
from zoo.export.bundle import export_run
from zoo.export.verify import verify
from zoo.registry import Recipe, models, register

VALUES = (Value("height", "m"), Value("slope"))
RECIPE = Recipe(epochs=60, batch_size=32, learning_rate=0.01, optimizer="adam")


def curve(hidden: int = 32, outputs: int = 2):
    """Build a model of a curve and its slope: x → tanh units → values."""
    import keras

    from zoo.models.assemble import regression, vector_model

    layers = [keras.layers.Dense(hidden, "tanh"), keras.layers.Dense(outputs)]
    return vector_model("curve", 1, layers, recipe=RECIPE, **regression())


def sine():
    splits = {}
    for seed, (split, count) in enumerate(zip(SPLITS, (512, 64, 128), strict=True)):
        x = np.random.default_rng(seed).uniform(-1, 1, (count, 1)).astype(np.float32)
        y = np.hstack([5 + 10 * np.sin(3 * x), 10 * np.cos(3 * x)])
        splits[split] = Split(x, y)
    return computed_dataset("sine", "vector", splits, values=VALUES)


def constant():
    splits = {split: Split(np.zeros((4, 1), np.float32), np.ones(4)) for split in SPLITS}
    return computed_dataset("constant", "vector", splits, values=VALUES[:1])


@pytest.fixture(scope="module", autouse=True)
def registered():
    """Register the model and its data sets for the tests of this file."""
    spec = {
        "task": Values(),
        "dataset": "sine",
        "slides": (),
        "equation": "y = W₂ tanh(W₁ x + b₁) + b₂",
        "output": "the height of the curve and its slope",
        "recipes": {"default": RECIPE},
    }
    register("curve", **spec)(curve)
    for load, values in ((sine, VALUES), (constant, VALUES[:1])):
        name = load.__name__
        data.register_dataset(name, kind="vector", values=values, summary="A curve.")(load)
    yield
    for name in ("sine", "constant"):
        del catalog._CATALOG[name]
    del models._specs["curve"]


@pytest.fixture(scope="module")
def run(registered, tmp_path_factory):
    folder = tmp_path_factory.mktemp("values") / "run"
    return folder, zoo.train("curve", run_dir=folder)


@pytest.fixture(scope="module")
def bundle(run):
    return export_run(run[0], onnx=True)


def command(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["zoo", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code or 0


def test_a_run_has_the_metrics_of_its_task(run):
    folder, results = run
    model, test = zoo.load_model(folder), sine().test
    errors = model.predict(test.x, verbose=0).astype(np.float64) - test.y
    assert set(results["test"]) == {"loss", "rmse", "largest_error", "relative_l2"}
    assert results["test"]["rmse"] == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-4)
    assert results["test"]["largest_error"] == pytest.approx(np.abs(errors).max(), rel=1e-4)
    relative = np.linalg.norm(errors) / np.linalg.norm(test.y)
    assert results["test"]["relative_l2"] == pytest.approx(relative, rel=1e-4)
    assert results["dataset"]["values"][0] == {"name": "height", "unit": "m"}
    assert "val_rmse" in results["history"]
    measured = zoo.evaluate(folder)["test"]
    assert measured == pytest.approx(results["test"], rel=1e-5)


def test_a_bundle_names_its_values_and_has_their_metrics(run, bundle):
    manifest = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["format"] == 3
    assert manifest["task"] == "values"
    assert "labels" not in manifest
    assert manifest["output"]["names"] == ["height", "slope"]
    assert manifest["output"]["units"] == ["m", ""]
    assert (bundle / "labels.txt").read_text(encoding="utf-8") == "height\nslope\n"
    assert {"float32", "float16", "dynamic", "int8", "onnx"} < set(manifest["artifacts"])
    for entry in manifest["artifacts"].values():
        assert set(entry["metrics"]) == {"rmse", "largest_error", "relative_l2"}
    report = verify(bundle, sine())
    assert report.problems == []
    card = (bundle / "README.md").read_text(encoding="utf-8")
    assert "Values: height (m), slope." in card
    rmse = manifest["artifacts"]["int8"]["metrics"]["rmse"]
    assert f"| int8 | {manifest['artifacts']['int8']['bytes']:,} | {rmse:.4g} |" in card


@pytest.mark.parametrize("artifact", ["float32", "int8"])
def test_a_prediction_has_values_by_name(bundle, artifact):
    model, test = edge.load(bundle, artifact), sine().test
    prediction = model.predict([0.25])
    expected = [5 + 10 * np.sin(0.75), 10 * np.cos(0.75)]
    assert list(prediction.values) == ["height", "slope"]
    assert list(prediction.values.values()) == pytest.approx(expected, abs=1)
    assert prediction.label is None
    height, slope = prediction
    assert (height, slope) == (prediction.values["height"], prediction.values["slope"])
    with pytest.raises(AttributeError, match="no single value"):
        _ = prediction.value
    (first, *_) = model.predict_batch(test.x[:3])
    assert first.values["height"] == pytest.approx(model.raw(test.x[:1])[0, 0], rel=1e-6)


def test_predict_py_alone_prints_values_with_units(bundle):
    words = [sys.executable, "-I", bundle / "predict.py", "0.25", "-1"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    first, _ = done.stdout.splitlines()
    prediction = edge.load(bundle).predict([0.25])
    height, slope = prediction
    assert first == f"0.25: height = {height:.6g} m, slope = {slope:.6g}"


def test_the_command_line_speaks_of_values(run, bundle, monkeypatch, capsys):
    assert command(monkeypatch, "predict", bundle, "0.25", "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["values"] == edge.load(bundle).predict([0.25]).values
    assert answer["units"] == {"height": "m", "slope": ""}
    assert "label" not in answer
    assert command(monkeypatch, "predict", bundle, "0.25", "--top", "2") == 2
    assert "leave --top out" in capsys.readouterr().err
    assert command(monkeypatch, "evaluate", bundle) == 0
    assert "int8: rmse " in capsys.readouterr().out
    assert command(monkeypatch, "verify", bundle) == 0
    assert "relative" in capsys.readouterr().out
    assert command(monkeypatch, "evaluate", run[0]) == 0
    assert "relative_l2" in capsys.readouterr().out


def test_plots_and_pages_are_those_of_values(run, bundle, tmp_path, monkeypatch, capsys):
    from zoo.reports import report, study

    folder, _ = run
    assert command(monkeypatch, "plot", "predictions", folder, "--to", tmp_path / "p.png") == 0
    assert command(monkeypatch, "plot", "curves", folder, "--to", tmp_path / "c.svg") == 0
    assert (tmp_path / "p.png").stat().st_size > 5000
    assert "rmse" in (tmp_path / "c.svg").read_text(encoding="utf-8")
    capsys.readouterr()
    assert command(monkeypatch, "plot", "confusion", folder) == 2
    assert "predicts values; choose from curves, predictions." in capsys.readouterr().err
    assert command(monkeypatch, "plot", "predictions", "xor_mlp") == 2
    assert "does not apply to xor_mlp, which predicts labels" in capsys.readouterr().err
    page = report.report(folder, tmp_path / "report.html").read_text(encoding="utf-8")
    for part in ("relative_l2", "Predictions", "Exported files"):
        assert part in page
    assert "Confusion matrix" not in page
    study.study(folder, bundle)
    manifest = edge.read_manifest(bundle)
    assert manifest["pictures"] == ["curves.png", "predictions.png"]
    assert "![Predicted values" in (bundle / "README.md").read_text(encoding="utf-8")


def test_the_page_shows_values(bundle):
    from zoo.serve.inference import ModelServer
    from zoo.serve.listing import model_summary

    answer = ModelServer({"curve": bundle}).predict("curve", None, [0.25])
    assert answer["values"] == edge.load(bundle).predict([0.25]).values
    assert answer["text"].startswith("height = ")
    shown = model_summary("curve", edge.read_manifest(bundle))
    assert shown["labels"] == []
    assert shown["units"] == ["m", ""]
    assert set(shown["artifacts"]["int8"]["metrics"]) == {"rmse", "largest_error", "relative_l2"}


def test_examples_are_spread_over_the_values(run, bundle):
    from zoo.export.examples import predict_examples, write_examples

    words, truths = write_examples(run[0])
    assert len(words) == 4
    assert len(set(truths)) == 4
    for line, truth in zip(predict_examples(bundle, words), truths, strict=True):
        output, true = (float(text.split("height = ")[1].split(" m")[0]) for text in (line, truth))
        assert output == pytest.approx(true, abs=1)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("curve", {"dataset": "xor"}, "takes 1 number, "),
        (
            "curve",
            {"dataset": "constant", "options": {"outputs": 2}},
            "predicts 2 values, but constant has 1; --set outp",
        ),
        ("perceptron", {"dataset": "sine", "options": {"inputs": 1}}, "targets of sine are values"),
    ],
)
def test_targets_of_another_kind_are_one_sentence(name, settings, message, tmp_path):
    with pytest.raises(ZooError, match=message) as caught:
        zoo.train(name, run_dir=tmp_path / "run", **settings)
    assert "\n" not in str(caught.value)


def test_a_single_value_is_the_prediction():
    prediction = edge.Prediction(None, None, np.array([2.5], np.float32), 0.0, {"height": 2.5})
    assert prediction.value == 2.5
    assert list(prediction) == [2.5]
    label = edge.Prediction("cat", 0.5, np.array([0.5], np.float32), 0.0)
    with pytest.raises(AttributeError, match="see its label"):
        _ = label.value


def test_the_metrics_of_the_task_are_measured_of_a_model_that_is_compiled_without(
    tmp_path, monkeypatch
):
    def plain(hidden: int = 32, outputs: int = 2):
        """Build the curve without metrics."""
        model = curve(hidden, outputs)
        model.compile(RECIPE.build_optimizer(), "mse")
        return model

    spec = replace(zoo.describe("curve"), builder=plain)
    monkeypatch.setitem(models._specs, "curve", spec)
    results = zoo.train("curve", run_dir=tmp_path / "run", epochs=2)
    errors = zoo.load_model(tmp_path / "run").predict(sine().test.x, verbose=0) - sine().test.y
    assert results["test"]["rmse"] == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-4)
    assert results["history"]["val_largest_error"] > 0
    assert zoo.evaluate(tmp_path / "run")["test"] == pytest.approx(results["test"], rel=1e-5)

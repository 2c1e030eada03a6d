"""A package, and a single file, of somebody else's: used from outside through every command."""

import json
import os
import sys
from types import SimpleNamespace

import numpy as np
import plugin_programs as programs
import pytest
from benchmarks.live_page import served


def _used(folder, site, plugin, model, dataset, unit, truth):
    """Train, export and look at a plugin's model in one process; return where and what it said."""
    run, bundle = folder / "run", folder / "run" / "bundle"
    option = ["--plugin", plugin] if plugin else []
    env = programs.environment(site)
    lines = [
        [*option, "list", "--task", "values"],
        ["describe", model],
        ["data", "list"],
        ["train", model, "--run-dir", run, "--seed", "1"],
        ["export", run, "--onnx"],
        ["verify", bundle],
        ["evaluate", run, "--json"],
        ["evaluate", bundle, "--json"],
        ["plot", "curves", run, "--to", folder / "curves.png"],
        ["plot", "predictions", bundle, "--to", folder / "predictions.png"],
        ["report", run],
    ]
    said = programs.commands(lines, env, folder)
    for words, (code, _, complaint) in zip(lines, said, strict=True):
        assert code == 0, (words, complaint)
    return SimpleNamespace(**locals())


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("package")
    site = programs.install(folder)
    return _used(folder, site, None, "hat_regression", "wave", "cm", _wave)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("file")
    plugin = programs.write_file(folder)
    return _used(folder, None, plugin, "bump", "pulse", "V", _pulse)


@pytest.fixture(params=["package", pytest.param("file", marks=pytest.mark.slow)])
def used(request):
    return request.getfixturevalue(request.param)


def test_a_plugin_s_model_goes_through_every_command(used):
    printed = [text for _, text, _ in used.said]
    assert used.model in printed[0]
    assert "xor_mlp" not in printed[0]
    assert used.dataset in printed[1]
    assert used.dataset in printed[2]
    assert "No problems found" in printed[5]
    manifest = json.loads((used.bundle / "manifest.json").read_text())
    config = json.loads((used.run / "config.json").read_text())
    assert manifest["plugins"] == config["plugins"]
    if used.plugin:
        assert list(config["plugins"]) == ["my_curve"]
        assert config["plugins"]["my_curve"].startswith("sha256 ")
    else:
        assert config["plugins"] == {"curve_models": "0.3.0"}
    assert {"keras", "saved_model", "int8", "onnx"} < set(manifest["artifacts"])
    measured = json.loads(printed[6])["test"]["rmse"]
    assert measured == pytest.approx(manifest["artifacts"]["keras"]["metrics"]["rmse"], rel=1e-3)
    for picture in ("curves.png", "predictions.png"):
        assert (used.folder / picture).read_bytes().startswith(b"\x89PNG")
    report = (used.run / "report.html").read_text()
    assert used.model in report
    assert used.unit in report


def test_the_folder_alone_predicts_values_without_the_plugin(used):
    words = ["0.75", "0.25"]
    done = programs.python("-I", used.bundle / "predict.py", "--json", *words, env=os.environ)
    assert done.returncode == 0, done.stderr
    answers = [list(json.loads(line)["values"].values()) for line in done.stdout.splitlines()]
    metrics = json.loads((used.bundle / "manifest.json").read_text())["artifacts"]["keras"]
    truth = [used.truth(float(word)) for word in words]
    np.testing.assert_allclose(
        np.ravel(answers), truth, atol=2 * metrics["metrics"]["largest_error"]
    )
    output = programs.python("-I", used.bundle / "predict.py", *words, env=os.environ).stdout
    assert used.unit in output


def test_a_plugin_s_bundle_is_timed_and_served(used):
    env = programs.environment(used.site, **_named(used))
    timed = programs.python(
        *("-m", "zoo", "benchmark", used.bundle, "--repeats", "10", "--json"), env=env
    )
    assert {row["artifact"] for row in json.loads(timed.stdout)["rows"]} >= {"float32", "int8"}
    zoo = [sys.executable, "-m", "zoo"]
    with served(zoo, [used.bundle], env=env) as address:
        listed = _read(f"{address}api/models")
        (name,) = [model["name"] for model in listed["models"]]
        answer = _read(f"{address}api/predict?model={name}", b"0.75")
        assert used.unit in json.dumps(answer)


def test_a_single_file_is_a_plugin_wherever_the_option_stands(tmp_path):
    plugin, run = programs.write_file(tmp_path), tmp_path / "run"
    lines = [
        ["--plugin", plugin, "describe", "bump"],
        ["train", "bump", f"--plugin={plugin}", "--epochs", "1", "--run-dir", run],
        ["evaluate", run, "--json", "--plugin", plugin],
    ]
    said = programs.commands(lines, programs.environment(), tmp_path)
    assert [(code, complaint) for code, _, complaint in said] == [(0, "")] * len(lines)
    assert "units=8" in said[0][1]
    assert json.loads(said[2][1])["dataset"]["name"] == "pulse"


def test_without_the_plugin_one_sentence_says_what_is_missing(package):
    lines = [["evaluate", package.run], ["verify", package.bundle], ["report", package.run]]
    for code, _, complaint in programs.commands(lines, programs.environment()):
        assert code == 2
        assert complaint.count("\n") == 1
        assert "needs the plugin curve_models (0.3.0), which is not installed here" in complaint


@pytest.mark.parametrize("imports", ["import keras, zoo", "import zoo, keras"])
def test_keras_itself_loads_a_plugin_s_model(package, imports):
    code = (
        f"import sys; {imports}; model = keras.models.load_model(sys.argv[1]);"
        "print(type(model.loss).__name__, [m.name for m in model.metrics], model.optimizer.name)"
    )
    env = programs.environment(package.site)
    done = programs.python("-c", code, package.run / "model.keras", env=env)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("SmoothedAbsoluteError")
    assert "adam" in done.stdout


@pytest.mark.slow
def test_two_workers_train_a_plugin_s_model_and_resume(package, tmp_path):
    env = programs.environment(package.site)
    words = ["-m", "zoo", "train", "hat_regression", "--workers", "2", "--epochs"]
    weights = []
    for folder, epochs in (("parts", ["1", "2"]), ("whole", ["2"])):
        for number in epochs:
            run = tmp_path / folder
            done = programs.python(*words, number, "--run-dir", run, env=env)
            assert done.returncode == 0, done.stdout + done.stderr
        code = (
            "import sys, zoo, hashlib; model = zoo.load_model(sys.argv[1]);"
            "print(hashlib.sha256(b''.join(w.tobytes() for w in model.get_weights())).hexdigest())"
        )
        weights.append(programs.python("-c", code, run, env=env).stdout.splitlines()[-1])
    assert weights[0] == weights[1]


@pytest.mark.slow
def test_a_plugin_s_model_passes_the_checks_of_every_model(package):
    code = "import zoo.testing; zoo.testing.check_model('hat_regression')"
    done = programs.python("-c", code, env=programs.environment(package.site))
    assert done.returncode == 0, done.stderr


def _wave(seconds):
    return 20 * np.sin(seconds / 5)


def _pulse(time):
    return np.exp(-8 * time**2)


def _named(used):
    return {"ZOO_PLUGINS": str(used.plugin)} if used.plugin else {}


def _read(address, content=None):
    import urllib.request

    with urllib.request.urlopen(address, content, timeout=60) as response:
        return json.load(response)

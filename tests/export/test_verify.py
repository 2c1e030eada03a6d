"""Bundles are what their manifests say, and what is not is found."""

import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from ai_edge_litert.schema_py_generated import BuiltinOperator
from shipped_files import SHIPPED_FILES

import zoo
from zoo import ZooError, data, edge
from zoo.bundles.shipped import find_bundle
from zoo.export.bundle import export_run, write_manifest
from zoo.export.concatenate import operations, read_model
from zoo.export.metadata import packed_labels
from zoo.export.verify import gate_failures, verify
from zoo.registry.tasks import Classes, Limits, Values

NO_GATE = Limits(max_drop=100, min_agreement=0)


@pytest.mark.parametrize("name", zoo.list_models())
def test_every_shipped_bundle_is_sound_and_says_what_its_files_do(name, tfds_dir):
    bundle = find_bundle(name)
    manifest = edge.read_manifest(bundle)
    dataset = data.load(zoo.describe(name).dataset, tfds_dir)
    assert manifest["dataset"]["examples"] == len(dataset.test)
    report = verify(bundle, dataset)
    assert report.problems == []
    assert set(report.figures) == set(manifest["artifacts"])
    card = (bundle / "README.md").read_text(encoding="utf-8")
    metric = zoo.describe(name).task.primary
    for artifact, figures in report.figures.items():
        entry = manifest["artifacts"][artifact]
        # Another processor may turn a decision that lies at the threshold.
        figure = entry["metrics"][metric.name]
        assert figure == pytest.approx(figures["metrics"][metric.name], abs=1e-3)
        assert entry["agreement"] == pytest.approx(figures["agreement"], abs=1e-3)
        assert f"| {artifact} | {entry['bytes']:,} | {metric.text(figure)}" in card


@pytest.mark.parametrize(("name", "kind"), SHIPPED_FILES)
def test_files_need_built_in_operations_and_carry_their_labels(name, kind):
    bundle = find_bundle(name)
    content = (bundle / f"{kind}.tflite").read_bytes()
    built_in, foreign = operations(content)
    assert "FULLY_CONNECTED" in built_in
    assert foreign == []
    assert packed_labels(content) == list(edge.names_of(edge.read_manifest(bundle)))


@pytest.mark.parametrize("name", [name for name, kind in SHIPPED_FILES if kind == "dynamic"])
def test_dynamic_files_load_in_older_runtimes(name):
    model = read_model((find_bundle(name) / "dynamic.tflite").read_bytes())
    versions = {
        code.version
        for code in model.operatorCodes
        if code.builtinCode == BuiltinOperator.FULLY_CONNECTED
    }
    assert max(versions) <= 9


@pytest.fixture
def bundle(tmp_path):
    shutil.copytree(find_bundle("perceptron"), tmp_path / "bundle")
    return tmp_path / "bundle"


@pytest.mark.parametrize(
    "file",
    ["model.keras", "int8.tflite", "model.onnx", "saved_model/saved_model.pb"],
)
def test_a_changed_byte_is_found_in_every_file(bundle, file, run_zoo):
    content = bytearray((bundle / file).read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / file).write_bytes(content)
    done = run_zoo("verify", bundle)
    assert done.returncode == 1
    assert "is damaged: its sha256" in done.stdout
    (bundle / file).unlink()
    assert "is missing" in run_zoo("verify", bundle).stdout


def test_a_file_that_answers_otherwise_is_found(bundle):
    manifest = edge.read_manifest(bundle)
    manifest["artifacts"]["float16"]["metrics"]["accuracy"] = 0.5
    write_manifest(bundle, manifest)
    report = verify(bundle, data.load("blobs"))
    (problem,) = report.problems
    assert "float16: the manifest says accuracy 0.5" in problem


def figures_of(task, primary, **differing):
    """Return the figures of a file of a model with outputs from 0 to 2."""
    return {
        "metrics": {task.primary.name: primary},
        "agreement": 1.0,
        "largest_difference": 0.0,
        "outputs": [0.0, 2.0],
        **differing,
    }


def test_figures_below_the_gate_are_reported():
    task = Classes()
    good = figures_of(task, 0.9)
    worse = figures_of(task, 0.88, largest_difference=0.1)
    assert gate_failures({"keras": good, "int8": good}, task, Limits()) == []
    (message,) = gate_failures({"keras": good, "int8": worse}, task, Limits())
    assert "accuracy 88.00 % is 2.00 points below" in message
    assert gate_failures({"keras": good, "int8": worse}, task, Limits(max_drop=2.5)) == []
    different = {**good, "largest_difference": 1e-4}
    (message,) = gate_failures({"keras": good, "float32": different}, task, Limits())
    assert "differs from the Keras model" in message
    different = {**good, "largest_difference": np.nan}
    (message,) = gate_failures({"keras": good, "int8": different}, task, Limits())
    assert "not finite" in message


@pytest.mark.parametrize(
    ("metric", "keras", "file", "limits", "message"),
    [
        ("rmse", 1.0, 1.09, Limits(), ""),
        ("rmse", 1.0, 1.2, Limits(), "RMSE 1.2 is more than 10 % above the Keras model's 1"),
        ("rmse", 1.0, 1.2, Limits(max_increase=25), ""),
        # Less than 2 % of the range 0…2 of the outputs.
        ("rmse", 0.001, 0.04, Limits(), ""),
        ("rmse", 0.001, 0.05, Limits(), "above"),
        ("relative_l2", 0.001, 0.02, Limits(), ""),
        ("relative_l2", 0.001, 0.03, Limits(), "relative L2 error 0.03"),
    ],
)
def test_an_error_is_gated_relative_to_the_keras_models(metric, keras, file, limits, message):
    task = Values(metric)
    figures = {"keras": figures_of(task, keras), "int8": figures_of(task, file)}
    problems = gate_failures(figures, task, limits)
    assert message in "".join(problems)
    assert bool(message) == bool(problems)


@pytest.mark.parametrize("agreement", [0.0, 0.37, 0.949])
def test_as_good_as_keras_is_not_sound_if_it_decides_otherwise(agreement):
    task = Classes()
    good = figures_of(task, 0.5)
    figures = {"keras": good, "int8": {**good, "agreement": agreement}}
    (message,) = gate_failures(figures, task, Limits())
    assert "of its predictions are the Keras model's, less than 95 %" in message
    assert gate_failures(figures, task, Limits(min_agreement=100 * agreement)) == []
    assert gate_failures({"keras": good, "int8": {**good, "agreement": 0.96}}, task, Limits()) == []


def test_answers_to_encoded_photos_are_gated():
    task = Classes()
    good = figures_of(task, 0.5)
    encoded = {"files": 9, "agreement": 1.0, "largest_difference": 1e-7, "broken_told": True}
    for wrong, message in (
        ({}, ""),
        ({"largest_difference": 0.1}, "for encoded photos"),
        ({"largest_difference": float("nan")}, "for encoded photos"),
        ({"broken_told": False}, "a damaged file"),
    ):
        figures = {"keras": good, "saved_model": {**good, "serve_encoded": {**encoded, **wrong}}}
        problems = gate_failures(figures, task, Limits())
        assert message in "".join(problems)
        assert bool(message) == bool(problems)


def test_the_bundle_of_other_labels_speaks_of_them_and_of_its_folder(photo_run, tmp_path):
    _, photos = photo_run
    own = tmp_path / "my fruit"
    own.mkdir()
    for label, animal in (("apple", "cat"), ("pear", "dog")):
        shutil.copytree(photos / animal, own / label)
    options = {"dataset": "photos", "data_dir": str(own), "epochs": 1, "batch_size": 8}
    zoo.train("linear_cat_dog", run_dir=tmp_path / "run", **options)
    bundle = export_run(tmp_path / "run", kinds=["float32"], limits=NO_GATE)
    card = (bundle / "README.md").read_text(encoding="utf-8")
    content = (bundle / "float32.tflite").read_bytes()
    for message in (card, edge.read_manifest(bundle)["output"]["description"]):
        assert "below 0 apple, from 0 up pear" in message
        assert "a dog" not in message
    assert "below 0 apple, from 0 up pear" in content.decode("utf-8", "ignore")
    assert f"--dataset photos --data-dir '{own}'" in card


def test_another_data_set_is_refused(bundle):
    with pytest.raises(ZooError, match="are 0, 1"):
        verify(bundle, data.load("and"))
    with pytest.raises(ZooError, match="this data set has 00"):
        verify(bundle, replace(data.load("blobs"), fingerprint="00"))
    with pytest.raises(ZooError, match="0 or more"):
        Limits(max_drop=-1)
    with pytest.raises(ZooError, match="from 0 to 100"):
        Limits(min_agreement=101)
    with pytest.raises(ZooError, match="increase is nan"):
        Limits(max_increase=float("nan"))


@pytest.fixture(scope="module")
def photo_run(photos_dir, tmp_path_factory):
    folder = tmp_path_factory.mktemp("verify")
    shutil.copytree(photos_dir, folder / "photos")
    zoo.train(
        "linear_cat_dog",
        dataset="photos",
        data_dir=str(folder / "photos"),
        epochs=2,
        batch_size=8,
        run_dir=folder / "run",
    )
    return folder / "run", folder / "photos"


def test_a_fixed_input_size_gives_fixed_shapes(photo_run, tmp_path):
    run, photos = photo_run
    bundle = export_run(
        run,
        tmp_path / "bundle",
        frame=(48, 64),
        onnx=True,
        limits=NO_GATE,
    )
    model = edge.load(bundle, "int8")
    assert model.manifest["input"]["shape"] == [1, 48, 64, 3]
    photo = next(photos.rglob("*.jpg"))
    prediction = model.predict(photo)
    fitted = edge.fit_frame(edge.decode(photo), 48, 64)
    assert model.predict(fitted).score == prediction.score
    assert len(model.predict_batch([photo, fitted])) == 2
    with pytest.raises(edge.InputError, match="takes"):
        model.raw(np.zeros((1, 64, 64, 3), "uint8"))


def test_kinds_can_be_chosen_and_nonsense_is_refused(photo_run, tmp_path, run_zoo):
    run, _ = photo_run
    bundle = export_run(run, tmp_path / "bundle", kinds=["int8"], limits=NO_GATE)
    assert set(edge.read_manifest(bundle)["artifacts"]) == {"keras", "saved_model", "int8"}
    for words, message in (
        (["--kinds", "int4"], "int4"),
        (["--kinds", ","], "No kind"),
        (["--input-size", "big"], "HEIGHTxWIDTH"),
    ):
        done = run_zoo("export", run, *words)
        assert done.returncode == 2
        assert message in done.stderr


def test_int8_without_training_data_is_refused_and_the_old_bundle_stays(photo_run, tmp_path):
    run, photos = photo_run
    bundle = export_run(run, tmp_path / "bundle", kinds=["float32"], limits=NO_GATE)
    before = (bundle / "manifest.json").read_bytes()
    aside = photos.rename(photos.with_name("elsewhere"))
    try:
        with pytest.raises(ZooError):
            export_run(run, bundle)
    finally:
        aside.rename(photos)
    assert (bundle / "manifest.json").read_bytes() == before


@pytest.mark.parametrize("name", ["xor_mlp", "linear_cat_dog"])
def test_a_saved_model_serves_where_there_is_neither_keras_nor_zoo(name, photos_dir, tmp_path):
    program = """
import sys
sys.modules["keras"] = None
import tensorflow as tf
served = tf.saved_model.load(sys.argv[1]).signatures
if len(sys.argv) > 2:
    encoded = tf.constant([open(path, "rb").read() for path in sys.argv[2:]])
    photo = tf.io.decode_jpeg(encoded[0], channels=3, dct_method="INTEGER_ACCURATE")
    print(float(served["serving_default"](image=photo[None])["output"][0, 0]))
    print(float(served["serve_encoded"](encoded=encoded)["output"][0, 0]))
else:
    print(float(served["serving_default"](x=tf.constant([[0.0, 1.0]]))["output"][0, 0]))
assert "zoo" not in sys.modules
"""
    bundle = find_bundle(name)
    photo = next(photos_dir.rglob("*.jpg"))
    given = [photo] if name == "linear_cat_dog" else []
    words = [sys.executable, "-I", "-c", program, bundle / "saved_model", *given]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    model = edge.load(bundle)
    x = photo if given else [0, 1]
    for line in done.stdout.split():
        assert float(line) == pytest.approx(model.predict(x).score, abs=1e-5)

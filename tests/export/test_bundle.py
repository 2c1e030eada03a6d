"""The shipped bundles and a fresh one: Keras, SavedModel and TFLite answer alike."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from make_saved_models import HOW

import zoo
from zoo import ZooError, data, edge
from zoo.bundles.shipped import find_bundle
from zoo.export.bundle import KINDS, export_run
from zoo.export.encoded_photos import encoded_photos, truncated
from zoo.export.measure import batches
from zoo.export.verify import CANCELLING
from zoo.registry.tasks import Limits

# Float32 sums in another order; scores are of order 1. A float16 file's weights are rounded.
TOLERANCES = {"float32": 1e-5, "float16": 2e-3}
TOLERANCE = TOLERANCES["float32"]
# Of histograms, a float16 file rounds the weights of luma and directions too, before a square root.
OF_HISTOGRAMS = ("joint_classifier", "pose_regressor")
HISTOGRAM_TOLERANCE = 2e-2
IMAGE_MODELS = [name for name in zoo.list_models() if zoo.build(name).inputs[0].name == "image"]
VECTOR_MODELS = [name for name in zoo.list_models() if name not in IMAGE_MODELS]


def dataset_of(name, tfds_dir):
    return data.load(zoo.describe(name).dataset, tfds_dir)


def three_answers(name, examples):
    """Return the outputs of Keras, SavedModel and the default TFLite, in lists of arrays."""
    bundle = find_bundle(name)
    keras_model = zoo.load_model(bundle)
    serve = tf.saved_model.load(bundle / "saved_model").signatures["serving_default"]
    key = keras_model.inputs[0].name
    lite = edge.load(bundle)
    every = list(batches(examples))
    return (
        [keras_model(batch, training=False).numpy() for batch in every],
        [serve(**{key: tf.constant(batch)})["output"].numpy() for batch in every],
        [lite.raw(batch) for batch in every],
    )


def assert_alike(reference, served, lite, name):
    float32 = CANCELLING if zoo.describe(name).task.primary.is_relative else TOLERANCE
    np.testing.assert_allclose(served, reference, atol=float32, rtol=0)
    tolerance = TOLERANCES[edge.default_artifact(edge.read_manifest(find_bundle(name)))]
    if name in OF_HISTOGRAMS:
        tolerance = HISTOGRAM_TOLERANCE
    np.testing.assert_allclose(lite, reference, atol=max(float32, tolerance), rtol=0)


@pytest.mark.parametrize("name", zoo.list_models())
def test_all_forms_agree_on_500_test_inputs(name, tfds_dir):
    test = dataset_of(name, tfds_dir).test
    count = min(500, len(test))
    assert_alike(*map(np.concatenate, three_answers(name, test.x[:count])), name)


@pytest.mark.parametrize("name", VECTOR_MODELS)
def test_models_of_numbers_agree_between_the_data_s_points_too(name):
    x = data.load(zoo.describe(name).dataset).test.x
    points = np.random.default_rng(0).uniform(x.min(axis=0), x.max(axis=0), (500, x.shape[1]))
    points = points.astype("float32")
    assert_alike(*map(np.concatenate, three_answers(name, points)), name)


@pytest.mark.parametrize("name", IMAGE_MODELS)
def test_all_forms_agree_on_photos_at_their_original_sizes(name, photos_dir):
    paths = sorted(photos_dir.rglob("*.jpg"))
    assert len(paths) >= 100
    photos = [edge.decode(path) for path in paths]
    for answers in zip(*three_answers(name, photos), strict=True):
        assert_alike(*answers, name)


@pytest.mark.parametrize("name", IMAGE_MODELS)
def test_the_encoded_signature_answers_as_the_decoder_and_the_model_do(name, photos_dir):
    paths = sorted(photos_dir.rglob("*.jpg"))[:3]
    files = encoded_photos([edge.decode(path) for path in paths])
    files += [path.read_bytes() for path in paths]
    bundle = find_bundle(name)
    served = tf.saved_model.load(bundle / "saved_model").signatures
    halved = [b"", truncated(files[0]), b"no photo"]
    found = served["serve_encoded"](encoded=tf.constant([*halved, *files]))
    outputs, valid = found["output"].numpy(), found["valid"].numpy()
    assert valid.tolist() == [False] * len(halved) + [True] * len(files)
    assert np.isnan(outputs[: len(halved)]).all()
    photos = [tf.constant(edge.decode(file)[None]) for file in files]
    expected = np.concatenate([served["serving_default"](image=p)["output"] for p in photos])
    np.testing.assert_allclose(outputs[len(halved) :], expected, atol=TOLERANCE)
    stated = edge.read_manifest(bundle)["artifacts"]["saved_model"]["serve_encoded"]
    assert stated["agreement"] == 1.0
    assert stated["largest_difference"] <= TOLERANCE
    assert stated["broken_told"]


@pytest.mark.parametrize("name", zoo.list_models())
def test_the_axes_of_onnx_have_names(name):
    import onnx

    model = onnx.load(find_bundle(name) / "model.onnx")
    axes = [
        [d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim]
        for v in (model.graph.input[0], model.graph.output[0])
    ]
    image = name in IMAGE_MODELS
    inputs = edge.read_manifest(find_bundle(name))["input"]["shape"][1:]
    assert axes[0] == ["batch", *(["height", "width", 3] if image else inputs)]
    assert axes[1][0] == "batch"


@pytest.mark.parametrize("name", zoo.list_models())
def test_a_bundle_holds_what_it_should(name):
    bundle = find_bundle(name)
    manifest = edge.read_manifest(bundle)
    assert manifest["name"] == name
    assert (bundle / "predict.py").read_bytes() == Path(edge.__file__).read_bytes()
    assert (bundle / "labels.txt").read_text().splitlines() == edge.names_of(manifest)
    kinds = HOW.get(name, {}).get("kinds", KINDS)
    assert set(manifest["artifacts"]) == {"keras", "saved_model", *kinds, "onnx"}
    for file in ("model.keras", "saved_model/saved_model.pb", f"{kinds[0]}.tflite", "README.md"):
        assert (bundle / file).is_file()


@pytest.mark.parametrize("name", zoo.list_models())
def test_pretrained_weights_are_the_shipped_ones(name):
    built, shipped = zoo.build(name, pretrained=True), zoo.load_model(find_bundle(name))
    for one, other in zip(built.get_weights(), shipped.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_shipped_bundles_stay_small():
    total = sum(
        path.stat().st_size
        for name in zoo.list_models()
        for path in find_bundle(name).rglob("*")
        if path.is_file()
    )
    assert total < 70 * 10**6


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "perceptron"
    zoo.train("perceptron", run_dir=folder, epochs=3)
    return folder


def test_a_fresh_run_exports_and_its_folder_alone_predicts(run, tmp_path):
    bundle = export_run(run, tmp_path / "bundle")
    points = data.load("blobs").test
    words = [",".join(str(number) for number in point) for point in points.x[:20]]
    done = subprocess.run(
        [sys.executable, "-I", bundle / "predict.py", "--json", *words],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    labels = [json.loads(line)["label"] for line in done.stdout.splitlines()]
    manifest = edge.read_manifest(bundle)
    model = zoo.load_model(run)
    expected = edge.decide(manifest["output"], model.predict(points.x[:20], verbose=0))
    assert labels == [manifest["labels"][index] for index in expected], done.stderr


def test_exporting_again_replaces_the_bundle_with_the_same_files(run, tmp_path):
    target = tmp_path / "bundle"
    first, again = (
        {path.name: path.read_bytes() for path in sorted(bundle.rglob("*")) if path.is_file()}
        for bundle in (export_run(run, target, onnx=True) for _ in range(2))
    )
    assert first == again
    assert set(first) > {"manifest.json", "README.md", "int8.tflite", "model.onnx"}
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_a_folder_with_other_files_is_not_replaced(run, tmp_path):
    (tmp_path / "precious.txt").write_text("mine")
    with pytest.raises(ZooError, match="contains other files"):
        export_run(run, tmp_path)
    assert (tmp_path / "precious.txt").read_text() == "mine"


def test_a_file_beyond_the_limits_is_refused_with_what_to_do(tmp_path):
    zoo.train("deep_regression", run_dir=tmp_path, epochs=1)
    with pytest.raises(ZooError, match=r"was not exported: int8: .* than 100 %\. Leave kinds"):
        export_run(tmp_path, kinds=["int8"], limits=Limits(min_agreement=100))
    assert not (tmp_path / "bundle").exists()


def test_an_unfinished_run_is_not_exported(tmp_path, run):
    (tmp_path / "config.json").write_text((run / "config.json").read_text())
    with pytest.raises(ZooError, match="is not finished"):
        export_run(tmp_path)


@pytest.mark.parametrize("foreign", ["another seed's", "another model's"])
def test_a_run_with_another_model_s_weights_is_not_exported(run, tmp_path, foreign):
    shutil.copytree(run, tmp_path / "run", ignore=shutil.ignore_patterns("bundle"))
    other = zoo.build("perceptron") if foreign == "another seed's" else zoo.build("xor_mlp")
    other.save(tmp_path / "run" / "model.keras")
    with pytest.raises(ZooError, match="sha256 differs"):
        export_run(tmp_path / "run", kinds=["float32"])
    # A run of a version that did not record the hash is known by its structure and accuracy.
    results = json.loads((run / "results.json").read_text())
    del results["model_sha256"]
    (tmp_path / "run" / "results.json").write_text(json.dumps(results))
    message = "results.json says" if foreign == "another seed's" else "not the model of this run"
    with pytest.raises(ZooError, match=message):
        export_run(tmp_path / "run", kinds=["float32"])
    assert not (tmp_path / "run" / "bundle").exists()


def test_an_export_tells_what_it_does_and_records_its_training(run, tmp_path):
    calls = []
    bundle = export_run(run, tmp_path / "bundle", kinds=["float32"], say=calls.append)
    assert [line for line in calls if line.startswith("Writing")] == [
        "Writing the SavedModel.",
        "Writing float32.tflite.",
    ]
    assert sum(line.startswith("Measuring") for line in calls) == 3
    training = edge.read_manifest(bundle)["training"]
    assert training["config"]["seed"] == 0
    assert training["results"]["test"] == json.loads((run / "results.json").read_text())["test"]
    assert (bundle / "history.csv").read_bytes() == (run / "history.csv").read_bytes()

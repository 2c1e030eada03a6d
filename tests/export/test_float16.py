"""Weights in float16: half the bytes, one rounding for every file, float32 arithmetic."""

import keras
import numpy as np
import pytest

import zoo
from zoo import ZooError, edge
from zoo.export.bundle import export_run
from zoo.export.float16 import write_rounded
from zoo.registry.tasks import Limits

NO_GATE = Limits(max_drop=100, min_agreement=0)

KINDS = ["float16", "int8"]
# Float32 sums in another order; the outputs are probabilities. The TFLite converter merges layers
# and then rounds once more, small arrays too.
TOLERANCES = {"saved_model": 1e-5, "onnx": 1e-5, "float16": 1e-3}


@pytest.fixture(scope="module")
def run(photos_dir, tmp_path_factory):
    folder = tmp_path_factory.mktemp("half") / "run"
    zoo.train(
        "deep_relu",
        dataset="photos",
        data_dir=str(photos_dir),
        # Dropout has a random state, which must not make two exports differ.
        options={"depth": 1, "width": 32, "dropout": 0.1, "classes": 2},
        epochs=2,
        batch_size=8,
        run_dir=folder,
    )
    return folder


def export(run, to):
    return export_run(
        run,
        to,
        kinds=KINDS,
        onnx=True,
        weights="float16",
        limits=NO_GATE,
    )


@pytest.fixture(scope="module")
def bundle(run, tmp_path_factory):
    return export(run, tmp_path_factory.mktemp("bundles") / "bundle")


def test_every_file_answers_as_the_rounded_model_does(bundle, photos_dir):
    found = edge.read_manifest(bundle)["artifacts"]
    assert set(found) == {"keras", "saved_model", *KINDS, "onnx"}
    for name, tolerance in TOLERANCES.items():
        assert found[name]["largest_difference"] <= tolerance, name
    card = (bundle / "README.md").read_text(encoding="utf-8")
    assert "rounded to float16" in card
    assert f"--recipe lecture --dataset photos --data-dir {photos_dir} --epochs 2" in card
    assert "--batch-size 8 --set depth=1 --set width=32" in card


def test_only_large_weights_are_rounded_and_only_once(run, bundle):
    exact, rounded = zoo.load_model(run), zoo.load_model(bundle)
    for before, after in zip(exact.get_weights(), rounded.get_weights(), strict=True):
        expected = before.astype("float16").astype("float32") if before.size > 1000 else before
        np.testing.assert_array_equal(after, expected)


def test_weights_take_two_bytes_each(bundle):
    for name in ("keras", "saved_model", "onnx"):
        entry = edge.read_manifest(bundle)["artifacts"][name]
        # The graph beside the variables, most of which reads files, is as large for any weights.
        files = [file for file in entry.get("files", ()) if file.endswith("saved_model.pb")]
        graph = sum((bundle / file).stat().st_size for file in files)
        weights = 3072 * 32
        # What is not a weight takes the same in float32, a graph's 150 kB at the most.
        assert entry["bytes"] - graph < 2.4 * weights + 150_000 < 4 * weights, name


def test_without_a_float32_file_the_first_one_answers(bundle, photos_dir):
    photo = next(photos_dir.rglob("*.jpg"))
    expected = edge.load(bundle, "float16").predict(photo)
    model = edge.load(bundle)
    assert model.artifact == "float16"
    assert model.predict(photo).score == expected.score


def test_the_same_run_gives_the_same_bytes(run, bundle, tmp_path):
    again = export(run, tmp_path / "again")
    assert (again / "manifest.json").read_bytes() == (bundle / "manifest.json").read_bytes()


def test_weights_too_large_for_float16_are_refused(tmp_path):
    model = keras.Sequential([keras.Input((300,)), keras.layers.Dense(300)])
    model.layers[0].kernel.assign(np.full((300, 300), 1e5, "float32"))
    model.save(tmp_path / "model.keras")
    with pytest.raises(ZooError, match="--weights float32"):
        write_rounded(tmp_path / "model.keras", tmp_path / "rounded.keras")


def test_another_type_is_refused(run, tmp_path):
    with pytest.raises(ZooError, match="float8"):
        export_run(run, tmp_path / "bundle", weights="float8")
    assert not (tmp_path / "bundle").exists()

"""Weights in float16: half the bytes, one rounding for every file, float32 arithmetic."""

import keras
import numpy as np
import pytest

import zoo
from zoo import ZooError, edge
from zoo.export.bundle import export_run
from zoo.export.half import write_rounded

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
        options={"depth": 1, "width": 32, "classes": 2},
        epochs=2,
        batch_size=8,
        run_dir=folder,
    )
    return folder


@pytest.fixture(scope="module")
def bundles(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles")
    return {
        weights: export_run(
            run, folder / weights, kinds=KINDS, onnx=True, weights=weights, max_drop=100
        )
        for weights in ("float32", "float16")
    }


def artifacts(bundles, weights):
    return edge.read_manifest(bundles[weights])["artifacts"]


def test_every_file_answers_as_the_rounded_model_does(bundles):
    found = artifacts(bundles, "float16")
    assert set(found) == {"keras", "saved_model", *KINDS, "onnx"}
    for name, tolerance in TOLERANCES.items():
        assert found[name]["largest_difference"] <= tolerance, name


def test_only_large_weights_are_rounded_and_only_once(run, bundles):
    exact, rounded = zoo.load_model(run), zoo.load_model(bundles["float16"])
    for before, after in zip(exact.get_weights(), rounded.get_weights(), strict=True):
        expected = before.astype("float16").astype("float32") if before.size > 1000 else before
        np.testing.assert_array_equal(after, expected)


def test_files_are_half_as_large(bundles):
    small, large = (artifacts(bundles, weights) for weights in ("float16", "float32"))
    # 98,304 weights: 4 bytes and then 2 for each, or a little more where they are compressed.
    for name, bytes_each in (("keras", 1.6), ("saved_model", 1.9), ("onnx", 1.9)):
        assert large[name]["bytes"] - small[name]["bytes"] > bytes_each * 32 * 3072, name


def test_the_card_says_so(bundles):
    told = "rounded to float16"
    assert told in (bundles["float16"] / "README.md").read_text()
    assert told not in (bundles["float32"] / "README.md").read_text()


def test_without_a_float32_file_the_first_one_answers(bundles, photos_dir):
    photo = next(photos_dir.rglob("*.jpg"))
    expected = edge.load(bundles["float16"], "float16").predict(photo)
    model = edge.load(bundles["float16"])
    assert model.artifact == "float16"
    assert model.predict(photo).score == expected.score


def test_the_same_run_gives_the_same_bytes(run, bundles, tmp_path):
    again = export_run(
        run, tmp_path / "again", kinds=KINDS, onnx=True, weights="float16", max_drop=100
    )
    for name, entry in artifacts(bundles, "float16").items():
        other = edge.read_manifest(again)["artifacts"][name]
        assert (entry.get("sha256"), entry.get("files")) == (
            other.get("sha256"),
            other.get("files"),
        ), name


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

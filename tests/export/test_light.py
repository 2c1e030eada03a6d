"""Exported files of a model with `standardize_photos`: any light, the same answer."""

import numpy as np
import pytest
import tensorflow as tf

import zoo
from zoo import data, edge
from zoo.data.corruptions import CORRUPTIONS, accuracies
from zoo.export.bundle import KINDS, export_run
from zoo.export.onnx import session
from zoo.registry.recipes import Recipe

RECIPE = Recipe(
    epochs=5,
    batch_size=64,
    learning_rate=1e-3,
    optimizer="adam",
    options={"depth": 1, "width": 64, "standardize_photos": True},
)
FILES = [*KINDS, "saved_model", "onnx"]
# Float32 sums in another order, and its weights may be rounded; an integer may round to the next.
TOLERANCES = {"dynamic": 0.03, "int8": 0.03}
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def photos(tfds_dir):
    """A part of CIFAR-10: enough to learn something in a few seconds."""
    whole = data.load("cifar10", tfds_dir)
    parts = {"train": 6000, "validation": 1000, "test": 2000}
    train, validation, test = (
        (np.asarray(split.x[:count]), split.y[:count])
        for split, count in ((getattr(whole, name), count) for name, count in parts.items())
    )
    return data.from_arrays(
        *train, validation=validation, test=test, labels=whole.labels, name="part"
    )


@pytest.fixture(scope="module")
def bundle(photos, tmp_path_factory):
    run = tmp_path_factory.mktemp("light") / "run"
    zoo.train("deep_relu", recipe=RECIPE, dataset=photos, run_dir=run)
    # The limits of every export: int8 loses at most half a point.
    return export_run(run, kinds=KINDS, onnx=True, dataset=photos)


@pytest.fixture(scope="module")
def answers(bundle):
    """A function that answers a batch with each of the bundle's files."""
    serve = tf.saved_model.load(bundle / "saved_model").signatures["serving_default"]
    return {
        **{kind: edge.load(bundle, kind).raw for kind in KINDS},
        "saved_model": lambda batch: serve(image=tf.constant(batch))["output"].numpy(),
        "onnx": session(bundle / "model.onnx"),
    }


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(("gain", "offset"), [(1, 90), (2, 0), (2, 55)])
def test_every_file_answers_an_affine_change_of_light_alike(file, gain, offset, answers, photos):
    # Of fewer levels and in another size, so that a x + b is exact in uint8.
    few = np.repeat(photos.test.x[:200] // 3, 2, axis=2)
    expected = answers[file](few)
    found = answers[file]((gain * few.astype(int) + offset).astype("uint8"))
    np.testing.assert_allclose(found, expected, atol=TOLERANCES.get(file, TOLERANCE))
    assert (found.argmax(axis=1) == expected.argmax(axis=1)).mean() >= 0.99


def test_int8_loses_at_most_half_a_point(bundle):
    found = edge.read_manifest(bundle)["artifacts"]
    accuracy = {name: found[name]["metrics"]["accuracy"] for name in ("keras", "int8", "onnx")}
    # Chance is 0.1.
    assert accuracy["keras"] > 0.3
    assert accuracy["int8"] >= accuracy["keras"] - 0.005
    assert accuracy["onnx"] == pytest.approx(accuracy["keras"], abs=1e-3)


def test_dark_and_bright_photos_are_recognised_as_well_as_plain_ones(bundle, answers, photos):
    decide = lambda x: answers["int8"](np.asarray(x)).argmax(axis=1)  # noqa: E731
    found = accuracies(decide, photos.test, photos.labels)["corruptions"]
    plain = (decide(photos.test.x) == photos.test.y).mean()
    for name in [name for name in CORRUPTIONS if name.startswith("illumination")]:
        # Half of the levels are left, rounded.
        assert found[name] == pytest.approx(plain, abs=0.01), name
    assert np.mean(list(found.values())) < plain

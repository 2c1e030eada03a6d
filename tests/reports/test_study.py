"""The study of a bundle, for its model card."""

import json

import numpy as np
import pytest

import zoo
from zoo import ZooError, edge
from zoo.data.corruptions import CORRUPTIONS, accuracies
from zoo.data.dataset import Split
from zoo.export.bundle import export_run
from zoo.registry.tasks import Limits
from zoo.reports.report import report
from zoo.reports.study import study

NO_GATE = Limits(max_drop=100, min_agreement=0)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corruption_changes_a_photo_and_keeps_its_size(name):
    photo = np.random.default_rng(0).integers(0, 256, (30, 44, 3)).astype("uint8")
    kept = photo.copy()
    changed = CORRUPTIONS[name][1](photo)
    assert changed.shape == photo.shape
    assert changed.dtype == np.uint8
    assert (changed != photo).mean() > 0.2
    np.testing.assert_array_equal(photo, kept)


def test_accuracies_are_those_of_the_decisions():
    random = np.random.default_rng(0)
    photos = random.integers(0, 256, (60, 8, 8, 3)).astype("uint8")

    def decide(x):
        return np.array([int(np.mean(photo) > 100) for photo in x])

    y = decide(photos)
    y[:6] = 1 - y[:6]
    found = accuracies(decide, Split(photos, y), ("dark", "bright", "absent"))
    assert found["corruptions"]["perspective, mirrored"] == pytest.approx(0.9)
    # Half as bright, all are taken for dark.
    assert found["corruptions"]["illumination, dark"] == pytest.approx(np.mean(y == 0))
    assert set(found["labels"]) == {"dark", "bright"}


def test_a_studied_bundle_has_pictures_figures_and_is_sound(tmp_path, photos_dir):
    options = {"dataset": "photos", "data_dir": photos_dir, "batch_size": 8, "epochs": 2}
    zoo.train("linear_cat_dog", run_dir=tmp_path / "run", **options)
    bundle = export_run(tmp_path / "run", kinds=["float32"], limits=NO_GATE)
    study(tmp_path / "run", bundle)
    manifest = edge.read_manifest(bundle)
    assert manifest["pictures"] == ["confusion.png", "curves.png", "weights.png"]
    assert set(manifest["study"]["corruptions"]) == set(CORRUPTIONS)
    card = (bundle / "README.md").read_text()
    for name, accuracy in manifest["study"]["corruptions"].items():
        assert name in card
        assert f"{100 * accuracy:.2f} %" in card
    for picture in manifest["pictures"]:
        assert f"({picture})" in card
        assert (bundle / picture).stat().st_size > 5000
    assert edge.load(bundle).predict(np.zeros((9, 9, 3), "uint8")).label in ("cat", "dog")


def test_a_model_of_numbers_has_curves_and_no_corruptions(tmp_path):
    zoo.train("perceptron", epochs=2, run_dir=tmp_path / "run")
    bundle = study(tmp_path / "run", export_run(tmp_path / "run", kinds=["float32"]))
    manifest = json.loads((bundle / "manifest.json").read_text())
    assert manifest["pictures"] == ["confusion.png", "curves.png"]
    assert "study" not in manifest
    zoo.train("xor_mlp", epochs=1, run_dir=tmp_path / "other")
    with pytest.raises(ZooError, match="a run of xor_mlp"):
        study(tmp_path / "other", bundle)


def test_a_function_is_drawn_and_one_row_is_no_curve(tmp_path):
    run = tmp_path / "run"
    zoo.train("universal_approximator", options={"width": 16}, run_dir=run)
    bundle = study(run, export_run(run, kinds=["float32"]))
    assert edge.read_manifest(bundle)["pictures"] == ["field.png", "predictions.png"]
    assert "Predicted and true values over the inputs" in (bundle / "README.md").read_text()
    page = report(run, tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Solution, reference and error" in page

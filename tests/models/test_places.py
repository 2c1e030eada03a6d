"""The models of coordinates: a box, and the joints of a person (row 20)."""

import json

import keras
import numpy as np
import pytest

import zoo
from zoo import data, edge
from zoo.data.dataset import Split
from zoo.data.figure_poses import views_of
from zoo.registry.tasks import IOU, MEAN_DISTANCE, PCK
from zoo.registry.tasks.pictures import BOX, POSE


def learned(name, split, epochs, **options):
    """Return a model after some epochs on a part of the training data."""
    keras.utils.set_random_seed(0)
    model = zoo.build(name, **options)
    model.fit(split.x[:8000], split.y[:8000], batch_size=32, epochs=epochs, verbose=0)
    return model


def test_hidden_layers_find_a_box_that_a_linear_model_does_not():
    dataset = data.load("shape_boxes")
    test = dataset.test.x[:2000], dataset.test.y[:2000]
    linear, deep = (
        learned("box_regressor", dataset.train, 4, depth=depth).predict(test[0], verbose=0)
        for depth in (0, 2)
    )
    mean = np.tile(dataset.train.y.mean(axis=0), (2000, 1))
    found = [IOU.compute(boxes, test[1]) for boxes in (mean, linear, deep)]
    assert found == sorted(found)
    assert found[1] < 0.74 < 0.78 < found[2]


def test_joints_are_learned():
    # As many people as are drawn in seconds: too few to find the joints of others.
    views = [views_of("train", index) for index in range(500)]
    x, y = (np.concatenate([np.stack(of[at]) for of in views]) for at in (0, 1))
    found = learned("pose_regressor", Split(x, y), 10).predict(x, verbose=0)
    mean = np.tile(y.mean(axis=0), (len(found), 1))
    assert PCK.compute(found, y) > 1.2 * PCK.compute(mean, y)
    assert MEAN_DISTANCE.compute(found, y) < 0.9 * MEAN_DISTANCE.compute(mean, y)


@pytest.fixture(scope="module")
def box_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("box") / "run"
    zoo.train("box_regressor", epochs=2, options={"width": 32}, run_dir=folder)
    return folder


def test_a_bundle_answers_with_named_edges(box_run, tmp_path, run_zoo):
    bundle = zoo.export_run(box_run)
    manifest = edge.read_manifest(bundle)
    assert manifest["output"]["names"] == list(BOX)
    assert (manifest["task"], manifest["output"]["metric"]) == ("values", "iou")
    assert set(manifest["artifacts"]["float32"]["metrics"]) == {"iou", "rmse"}
    picture = tmp_path / "shape.png"
    from PIL import Image

    Image.fromarray(data.load("shape_boxes").test.x[0]).save(picture)
    values = edge.load(bundle).predict(str(picture)).values
    done = run_zoo("predict", bundle, picture)
    assert done.returncode == 0, done.stderr
    for name, number in values.items():
        assert f"{name} = {number:.6g}" in done.stdout
    done = run_zoo("predict", bundle, picture, "--json")
    assert json.loads(done.stdout)["values"] == pytest.approx(values)
    done = run_zoo("plot", "overlay", bundle, picture, "--to", tmp_path / "photo.png")
    assert done.returncode == 0, done.stderr


def test_the_report_and_plots_draw_the_boxes(box_run, tmp_path, run_zoo):
    done = run_zoo("plot", "overlay", box_run, "--to", tmp_path / "overlay.svg")
    assert done.returncode == 0, done.stderr
    drawn = (tmp_path / "overlay.svg").read_text(encoding="utf-8")
    iou = json.loads((box_run / "results.json").read_text())["test"]["iou"]
    assert f"mean IoU {100 * iou:.2f} %" in drawn
    assert drawn.count("IoU 0.") > 6
    assert run_zoo("report", box_run, "--to", tmp_path / "report.html").returncode == 0
    assert "Predictions drawn on test pictures" in (tmp_path / "report.html").read_text()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["train", "box_regressor", "--dataset", "shapes"],
            "box_regressor predicts values, but the targets of shapes are classes; choose a "
            "--dataset of boxes, such as shape_boxes, or deep_regression for other values.",
        ),
        (
            ["train", "pose_regressor", "--dataset", "shape_boxes"],
            "pose_regressor predicts head_top_x, head_top_y, left_ankle_x, left_ankle_y … (28 "
            "values), but the values of shape_boxes are left, top, right, bottom; choose a "
            "--dataset of people, such as coordinates:FOLDER, or deep_regression for other points.",
        ),
        (
            ["train", "box_regressor", "--dataset", "coordinates:nowhere"],
            "There is no folder nowhere; give one such as",
        ),
        (["plot", "overlay", "xor_mlp"], "'overlay' does not apply to xor_mlp, which predicts"),
    ],
)
def test_a_mistake_is_one_sentence(words, sentence, run_zoo, tmp_path):
    done = run_zoo(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert sentence in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_the_joints_are_those_of_the_data_set():
    assert tuple(value.name for value in data.describe("figure_poses").values) == POSE
    assert tuple(value.name for value in data.describe("shape_boxes").values) == BOX

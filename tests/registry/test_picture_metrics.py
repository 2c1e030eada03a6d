"""Metrics of points and boxes, against figures worked out by hand."""

import numpy as np
import pytest

from zoo import ZooError
from zoo.registry.tasks import IOU, MEAN_DISTANCE, PCK, Value, Values, task_of
from zoo.registry.tasks.pictures import BOX, JOINTS, POSE, TORSO, correct_joints, overlaps


class Made:
    """The targets of a data set."""

    def __init__(self, values=(), labels=()):
        self.name = "made"
        self.values = tuple(Value(name) for name in values)
        self.labels = labels


def pose(torso):
    """Return coordinates of 14 joints with a torso of this length."""
    points = np.zeros((14, 2))
    points[TORSO[1]] = (0, torso)
    return points.reshape(1, -1)


def moved(joint, across, down, torso=0.5):
    points = pose(torso).reshape(14, 2)
    points[joint] += (across, down)
    return points.reshape(1, -1)


@pytest.mark.parametrize(
    ("across", "down", "correct"), [(0, 0, 14), (0.06, 0.079, 14), (0.06, 0.081, 13), (0, -0.2, 13)]
)
def test_a_joint_is_correct_within_a_fifth_of_the_torso(across, down, correct):
    wrist = JOINTS.index("left_wrist")
    found = PCK.compute(moved(wrist, across, down), pose(0.5))
    assert found == pytest.approx(correct / 14)
    distance = np.hypot(across, down) / 14
    assert MEAN_DISTANCE.compute(moved(wrist, across, down), pose(0.5)) == pytest.approx(distance)


def test_the_torso_is_that_of_the_true_pose():
    assert correct_joints(pose(0.5), pose(0.5)).all()
    # The hip is 0.09 off: within a fifth of 0.5, but not of 0.41.
    hip = JOINTS.index("right_hip")
    assert correct_joints(pose(0.41), pose(0.5))[0, hip]
    assert not correct_joints(pose(0.5), pose(0.41))[0, hip]


@pytest.mark.parametrize(
    ("predicted", "share"),
    [
        ((0.0, 0.0, 1.0, 1.0), 1.0),
        ((0.0, 0.0, 0.5, 0.5), 0.25),
        ((0.5, 0.0, 1.5, 1.0), 1 / 3),
        ((1.0, 0.0, 2.0, 1.0), 0.0),
        # Its edges are exchanged: it is empty.
        ((1.0, 1.0, 0.0, 0.0), 0.0),
    ],
)
def test_the_overlap_of_boxes(predicted, share):
    true = np.array([[0.0, 0.0, 1.0, 1.0]], np.float32)
    assert IOU.compute(np.array([predicted], np.float32), true) == pytest.approx(share)


def test_two_empty_boxes_do_not_overlap():
    assert overlaps(np.zeros((2, 4)), np.zeros((2, 4))).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("metric", "names"), [("pck", POSE), ("mean_distance", POSE), ("iou", BOX), ("rmse", ("y",))]
)
def test_the_primary_metric_comes_first_and_is_in_the_manifest(metric, names):
    task = Values(metric)
    assert task.primary.name == metric
    assert len({other.name for other in task.metrics}) == len(task.metrics)
    assert task_of({"task": "values", "output": task.contract()}) == task
    assert ("overlay" in task.plots) == (metric != "rmse")
    task.check("model", len(names), Made(names))


@pytest.mark.parametrize(
    ("metric", "made", "message"),
    [
        ("pck", Made(BOX), "predicts head_top_x, .* but the values of made are left, top, right"),
        ("pck", Made(labels=("a", "b")), "are classes; choose .* coordinates:FOLDER"),
        ("iou", Made(POSE), r"are head_top_x, .* \(28 values\); choose a --dataset of boxes"),
        ("iou", Made(labels=("a", "b")), "are classes; choose .* shape_boxes"),
    ],
)
def test_a_data_set_of_other_values_is_refused(metric, made, message):
    with pytest.raises(ZooError, match=message):
        Values(metric).check("model", 28, made)

"""Metrics of points and boxes in pictures, with NumPy.

Coordinates are shares of a picture's width and height, 0…1 from its left and upper edge. Distances
between points are those in a square picture, in shares of its side.
"""

from __future__ import annotations

import numpy as np

from zoo.registry.tasks.metrics import Metric

# The names of the Leeds Sports Pose photos, in alphabetical order; left and right are the person's.
# The values of a pose are x and y of each.
JOINTS = (
    "head_top",
    "left_ankle",
    "left_elbow",
    "left_hip",
    "left_knee",
    "left_shoulder",
    "left_wrist",
    "neck",
    "right_ankle",
    "right_elbow",
    "right_hip",
    "right_knee",
    "right_shoulder",
    "right_wrist",
)
POSE = tuple(f"{joint}_{axis}" for joint in JOINTS for axis in "xy")
BOX = ("left", "top", "right", "bottom")
# The torso is as long as these two joints are apart.
TORSO = (JOINTS.index("left_shoulder"), JOINTS.index("right_hip"))
# A joint is correct up to this share of the torso's length from its true place.
CORRECT = 0.2


def distances(predictions: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return the distance of each predicted point from its true place, float64 (examples, points).

    Args:
        predictions: x and y of each point, (examples, 2 · points).
        targets: the same of the true places.
    """
    return np.linalg.norm(_points(predictions) - _points(targets), axis=2)


def correct_joints(predictions: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return whether each predicted joint of a pose counts as correct, bool (examples, joints).

    It does within 0.2 of the length of the true torso, from the left shoulder to the right hip:
    the detection rate of DeepPose (Toshev & Szegedy, 2014) at 0.2, which is called PCK@0.2, the
    percentage of correct keypoints, after Yang & Ramanan (2013).

    Args:
        predictions: values of `POSE`, (examples, 28).
        targets: the same of the true places.
    """
    true = _points(targets)
    torso = np.linalg.norm(true[:, TORSO[0]] - true[:, TORSO[1]], axis=1)
    return distances(predictions, targets) <= CORRECT * torso[:, None]


def overlaps(predictions: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return the intersection over union of each predicted box and the true one, (examples,).

    A box whose right edge is left of its left edge, or whose bottom is above its top, is empty.
    The result is 0 for two empty boxes.

    Args:
        predictions: values of `BOX`, (examples, 4).
        targets: the same of the true boxes.

    >>> overlaps(np.array([[0.0, 0.0, 0.5, 1.0]]), np.array([[0.0, 0.0, 1.0, 1.0]])).tolist()
    [0.5]
    """
    one, other = (np.asarray(boxes, np.float64).reshape(-1, 4) for boxes in (predictions, targets))
    corners = np.maximum(one[:, :2], other[:, :2]), np.minimum(one[:, 2:], other[:, 2:])
    common = _area(np.hstack(corners))
    union = _area(one) + _area(other) - common
    return np.divide(common, union, out=np.zeros_like(common), where=union > 0)


def _area(boxes: np.ndarray) -> np.ndarray:
    return np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1)


def _points(coordinates: np.ndarray) -> np.ndarray:
    coordinates = np.asarray(coordinates, np.float64)
    return coordinates.reshape(len(coordinates), -1, 2)


def _pck(predictions: np.ndarray, targets: np.ndarray) -> float:
    return float(np.mean(correct_joints(predictions, targets)))


def _mean_distance(predictions: np.ndarray, targets: np.ndarray) -> float:
    return float(np.mean(distances(predictions, targets)))


def _iou(predictions: np.ndarray, targets: np.ndarray) -> float:
    return float(np.mean(overlaps(predictions, targets)))


PCK = Metric("pck", "PCK@0.2", True, True, _pck)
MEAN_DISTANCE = Metric(
    "mean_distance", "mean distance", False, False, _mean_distance, negligible=0.02
)
IOU = Metric("iou", "mean IoU", True, True, _iou)

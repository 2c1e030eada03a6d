"""Keras metrics of points and boxes in pictures, as `zoo.registry.tasks` defines them.

They respect sample weights, and aggregate over replicas as if one replica had processed all
examples.
"""

import keras
from keras import ops

from zoo.registry.tasks.pictures import CORRECT, TORSO


class _MeanOfExamples(keras.metrics.Mean):
    """The mean over examples of a figure of each, weighted by the sample weights."""

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Update with a batch: y_true and y_pred (batch, values), sample_weight (batch,)."""
        y_pred = ops.cast(y_pred, "float32")
        y_true = ops.reshape(ops.cast(y_true, "float32"), ops.shape(y_pred))
        super().update_state(self.figures(y_true, y_pred), sample_weight)

    def figures(self, y_true, y_pred):
        """Return the figure of each example, float32 (batch,)."""
        raise NotImplementedError


@keras.saving.register_keras_serializable("zoo")
class CorrectJoints(_MeanOfExamples):
    """PCK@0.2: the fraction of a pose's joints within 0.2 of the torso's length.

    Values are those of `zoo.registry.tasks.pictures.POSE`.
    """

    def __init__(self, name="pck", dtype=None):
        super().__init__(name=name, dtype=dtype)

    def figures(self, y_true, y_pred):
        """Return the fraction of correct joints of each example."""
        true = _points(y_true)
        torso = _lengths(true[:, TORSO[0]] - true[:, TORSO[1]])
        correct = _lengths(_points(y_pred) - true) <= CORRECT * torso[:, None]
        return ops.mean(ops.cast(correct, "float32"), axis=1)


@keras.saving.register_keras_serializable("zoo")
class MeanDistance(_MeanOfExamples):
    """The mean distance of points from their true places; values are x and y of each point.

    >>> metric = MeanDistance()
    >>> metric.update_state(ops.array([[0.0, 0.0, 1.0, 1.0]]), ops.array([[0.3, 0.4, 1.0, 1.0]]))
    >>> float(metric.result())
    0.25
    """

    def __init__(self, name="mean_distance", dtype=None):
        super().__init__(name=name, dtype=dtype)

    def figures(self, y_true, y_pred):
        """Return the mean distance in each example."""
        return ops.mean(_lengths(_points(y_pred) - _points(y_true)), axis=1)


@keras.saving.register_keras_serializable("zoo")
class MeanIoU(_MeanOfExamples):
    """The mean intersection over union of boxes; values are left, top, right and bottom.

    >>> metric = MeanIoU()
    >>> metric.update_state(ops.array([[0.0, 0.0, 1.0, 1.0]]), ops.array([[0.0, 0.0, 0.5, 1.0]]))
    >>> float(metric.result())
    0.5
    """

    def __init__(self, name="iou", dtype=None):
        super().__init__(name=name, dtype=dtype)

    def figures(self, y_true, y_pred):
        """Return the intersection over union of each example; 0 for two empty boxes."""
        low = ops.maximum(y_true[:, :2], y_pred[:, :2])
        high = ops.minimum(y_true[:, 2:], y_pred[:, 2:])
        common = _area(low, high)
        union = _area(y_true[:, :2], y_true[:, 2:]) + _area(y_pred[:, :2], y_pred[:, 2:]) - common
        return common / ops.where(union > 0, union, 1.0)


def _area(low, high):
    return ops.prod(ops.maximum(high - low, 0.0), axis=1)


def _points(coordinates):
    return ops.reshape(coordinates, (-1, coordinates.shape[-1] // 2, 2))


def _lengths(vectors):
    return ops.sqrt(ops.sum(ops.square(vectors), axis=-1))

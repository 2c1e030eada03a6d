"""Keras metrics for regression, with the names that `zoo.registry.tasks.Values` uses.

They respect sample weights, so that an evaluation can pad its last batch with examples of weight 0,
and aggregate over replicas as if one replica had processed all examples.
"""

import keras
import tensorflow as tf
from keras import ops


@keras.saving.register_keras_serializable("zoo")
class LargestError(keras.metrics.Metric):
    """The largest |ŷ − y| over all values of all examples whose weight is not 0.

    >>> metric = LargestError()
    >>> metric.update_state(ops.array([[1.0], [5.0]]), ops.array([[1.5], [2.0]]))
    >>> float(metric.result())
    3.0
    """

    def __init__(self, name="largest_error", dtype=None):
        super().__init__(name=name, dtype=dtype)
        # Variables are summed over replicas, so each replica writes its own element.
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        self._largest = self.add_variable((replicas,), "zeros", name="largest")

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Update with a batch: y_true and y_pred (batch, values), sample_weight (batch,)."""
        error = _errors(y_true, y_pred, sample_weight, ops.abs)
        context = tf.distribute.get_replica_context()
        place = context.replica_id_in_sync_group if context else 0
        own = ops.one_hot(place, self._largest.shape[0], dtype=self._largest.dtype)
        self._largest.assign(ops.maximum(self._largest, own * ops.max(error)))

    def result(self):
        """Return the largest error, a scalar."""
        return ops.max(self._largest)


@keras.saving.register_keras_serializable("zoo")
class RelativeL2(keras.metrics.Metric):
    """‖ŷ − y‖ / ‖y‖ over all values of all examples; ‖ŷ − y‖ where y is 0 everywhere.

    >>> metric = RelativeL2()
    >>> metric.update_state(ops.array([[3.0], [4.0]]), ops.array([[3.0], [3.5]]))
    >>> round(float(metric.result()), 6)
    0.1
    """

    def __init__(self, name="relative_l2", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self._error = self.add_variable((), "zeros", name="error")
        self._size = self.add_variable((), "zeros", name="size")

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Update with a batch: y_true and y_pred (batch, values), sample_weight (batch,)."""
        error = _errors(y_true, y_pred, sample_weight, ops.square)
        size = _errors(y_true, ops.zeros_like(y_pred), sample_weight, ops.square)
        self._error.assign_add(ops.sum(error))
        self._size.assign_add(ops.sum(size))

    def result(self):
        """Return the relative error, a scalar."""
        return ops.sqrt(self._error / ops.where(self._size > 0, self._size, 1.0))


def _errors(y_true, y_pred, sample_weight, function):
    """Return function(ŷ − y) times the weight of its example, float32 (batch, values)."""
    y_pred = ops.cast(y_pred, "float32")
    error = function(y_pred - ops.reshape(ops.cast(y_true, "float32"), ops.shape(y_pred)))
    if sample_weight is None:
        return error
    weight = ops.reshape(ops.cast(sample_weight, "float32"), (-1,))
    return error * ops.reshape(weight, (-1,) + (1,) * (len(error.shape) - 1))

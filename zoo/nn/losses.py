"""The lecture's losses and the accuracy of a sign, where Keras's definitions differ."""

import keras
from keras import ops


def _as_targets(y_true, y_pred):
    """Return labels in the shape of the outputs: class indices as one-hot vectors."""
    outputs = y_pred.shape[-1]
    if outputs == 1:
        return ops.cast(ops.reshape(y_true, (-1, 1)), y_pred.dtype)
    if len(y_true.shape) == 2 and y_true.shape[-1] == outputs:
        return ops.cast(y_true, y_pred.dtype)
    return ops.one_hot(ops.cast(ops.reshape(y_true, (-1,)), "int32"), outputs, dtype=y_pred.dtype)


@keras.saving.register_keras_serializable("zoo")
class HalfSquaredError(keras.losses.Loss):
    """L = ½ Σₖ (ŷₖ − yₖ)², summed over the outputs, averaged over the batch (slides 2 and 6).

    For one output, labels are numbers of shape (batch,) or (batch, 1); for several outputs they are
    class indices of shape (batch,) or targets of the shape of the outputs.

    >>> float(HalfSquaredError()(ops.array([1.0, 0.0]), ops.array([[0.0], [0.0]])))
    0.25
    """

    def __init__(self, name="half_squared_error", reduction="sum_over_batch_size", **kwargs):
        super().__init__(name=name, reduction=reduction, **kwargs)

    def call(self, y_true, y_pred):
        """Return one loss per example, shape (batch,)."""
        y_pred = ops.convert_to_tensor(y_pred)
        difference = _as_targets(ops.convert_to_tensor(y_true), y_pred) - y_pred
        return 0.5 * ops.sum(ops.square(difference), axis=-1)


@keras.saving.register_keras_serializable("zoo")
class SquaredError(keras.losses.Loss):
    """‖Wx + b − y‖², averaged over the batch (slide 16); labels are numbers, (batch,)."""

    def __init__(self, name="squared_error", reduction="sum_over_batch_size", **kwargs):
        super().__init__(name=name, reduction=reduction, **kwargs)

    def call(self, y_true, y_pred):
        """Return one loss per example, shape (batch,)."""
        y_pred = ops.convert_to_tensor(y_pred)
        difference = _as_targets(ops.convert_to_tensor(y_true), y_pred) - y_pred
        return ops.sum(ops.square(difference), axis=-1)


@keras.saving.register_keras_serializable("zoo")
class SignAccuracy(keras.metrics.MeanMetricWrapper):
    """Accuracy for labels −1 and +1: an output below 0 predicts −1, from 0 up +1 (slide 16).

    >>> metric = SignAccuracy()
    >>> metric.update_state(ops.array([-1.0, 1.0]), ops.array([[-0.7], [-0.1]]))
    >>> float(metric.result())
    0.5
    """

    def __init__(self, name="accuracy", dtype=None):
        super().__init__(_sign_matches, name=name, dtype=dtype)

    def get_config(self):
        """Return the constructor's arguments."""
        return {"name": self.name, "dtype": self.dtype}


def _sign_matches(y_true, y_pred):
    labels = ops.reshape(y_true, (-1,)) > 0
    decisions = ops.reshape(y_pred, (-1,)) >= 0
    return ops.cast(ops.equal(labels, decisions), "float32")

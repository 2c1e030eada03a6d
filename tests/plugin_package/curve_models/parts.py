"""A layer, a loss and a metric of the package's own."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("curve_models")
class HatFunctions(keras.layers.Layer):
    """max(0, 1 − |x − cⱼ| / h) for `count` centres cⱼ, h apart; (batch, 1) → (batch, count)."""

    def __init__(self, count, low, high, **options):
        super().__init__(**options)
        self.count, self.low, self.high = count, low, high
        self._centres = [low + (high - low) * index / (count - 1) for index in range(count)]

    def call(self, x):
        step = (self.high - self.low) / (self.count - 1)
        return ops.relu(1.0 - ops.abs(x - ops.convert_to_tensor([self._centres])) / step)

    def get_config(self):
        return {**super().get_config(), "count": self.count, "low": self.low, "high": self.high}


@keras.saving.register_keras_serializable("curve_models")
class SmoothedAbsoluteError(keras.losses.Loss):
    """√(e² + 0.01²) − 0.01 with e = y − ŷ, averaged over the values."""

    def call(self, y_true, y_pred):
        error = ops.cast(y_true, y_pred.dtype) - y_pred
        return ops.mean(ops.sqrt(error * error + 1e-4) - 1e-2, axis=-1)


@keras.saving.register_keras_serializable("curve_models")
class WithinTenth(keras.metrics.MeanMetricWrapper):
    """The share of values that are off by less than 0.1."""

    def __init__(self, name="within_tenth", dtype=None):
        super().__init__(fn=_within_tenth, name=name, dtype=dtype)

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype}


def _within_tenth(y_true, y_pred):
    error = ops.cast(y_true, y_pred.dtype) - y_pred
    return ops.mean(ops.cast(ops.abs(error) < 0.1, y_pred.dtype), axis=-1)

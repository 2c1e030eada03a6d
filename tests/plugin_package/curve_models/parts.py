"""A layer, a loss and a metric of the package's own."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("curve_models")
class HatFunctions(keras.layers.Layer):
    """max(0, 1 − |x − cⱼ| / h) for `count` centres cⱼ, h apart; (batch, 1) → (batch, count)."""

    def __init__(self, count, low, high, **options):
        super().__init__(**options)
        self.count, self.low, self.high = count, low, high

    def call(self, x):
        distance = (self.high - self.low) / (self.count - 1)
        centres = [self.low + distance * index for index in range(self.count)]
        return ops.relu(1.0 - ops.abs(x - ops.convert_to_tensor([centres], x.dtype)) / distance)

    def get_config(self):
        return {**super().get_config(), "count": self.count, "low": self.low, "high": self.high}


@keras.saving.register_keras_serializable("curve_models")
class SmoothedAbsoluteError(keras.losses.Loss):
    """√(e² + 0.01) − 0.1 with e = ŷ − y, averaged over the values."""

    def call(self, y_true, y_pred):
        error = y_pred - ops.cast(y_true, y_pred.dtype)
        return ops.mean(ops.sqrt(error * error + 0.01) - 0.1, axis=-1)


def within_one(y_true, y_pred):
    error = y_pred - ops.cast(y_true, y_pred.dtype)
    return ops.mean(ops.cast(ops.abs(error) < 1.0, y_pred.dtype), axis=-1)


@keras.saving.register_keras_serializable("curve_models")
class WithinOne(keras.metrics.MeanMetricWrapper):
    """The share of values that are off by less than 1."""

    def __init__(self, name="within_one", dtype=None):
        super().__init__(fn=within_one, name=name, dtype=dtype)

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype}

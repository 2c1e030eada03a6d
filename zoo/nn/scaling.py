"""The scaling of numbers, part of a model: inputs to mean 0 and variance 1, and outputs back."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from zoo.nn.preprocessing import preprocessing_of


@keras.saving.register_keras_serializable("zoo")
class Standardization(keras.layers.Normalization):
    """Keras's `Normalization` of each number, (batch, numbers), in float32 by default.

    x ↦ (x − mean) / √variance; with `invert`, x ↦ x · √variance + mean. The statistics are weights;
    until they are set, by `adapt` or `set_statistics`, they are 0 and 1. Keras's own layer computes
    with copies of them that `set_weights` and checkpoints do not update; this one has no copies.
    """

    def __init__(self, **kwargs):
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)

    def finalize_state(self):
        """Do nothing: there are no copies of the weights to update."""

    def set_statistics(self, mean: np.ndarray, variance: np.ndarray) -> None:
        """Set the statistics, each (numbers,)."""
        self.adapt_mean.assign(mean)
        self.adapt_variance.assign(variance)

    def call(self, inputs):
        """Return numbers of the same shape."""
        return self.inverse(inputs) if self.invert else self.standardized(inputs)

    def standardized(self, numbers):
        """Return (numbers − mean) / √variance."""
        return (ops.cast(numbers, self.compute_dtype) - self.adapt_mean) / self._deviation()

    def inverse(self, numbers):
        """Return numbers · √variance + mean."""
        return ops.cast(numbers, self.compute_dtype) * self._deviation() + self.adapt_mean

    def _deviation(self):
        return ops.maximum(ops.sqrt(self.adapt_variance), keras.backend.epsilon())


def standardization() -> keras.Sequential:
    """Return the layer `preprocessing` of a model of numbers in units of their own."""
    return keras.Sequential([Standardization(name="standardization")], name="preprocessing")


def own_units() -> Standardization:
    """Return a last layer that converts standardized outputs to the values' own units."""
    return Standardization(invert=True, name="own_units")


def input_scaling(model: keras.Model) -> Standardization | None:
    """Return the layer that standardizes a model's inputs, if it has one."""
    preprocessing: Any = preprocessing_of(model)
    return _found(preprocessing.layers[0]) if preprocessing is not None else None


def output_scaling(model: keras.Model) -> Standardization | None:
    """Return the layer that converts a model's outputs to the values' own units, if it has one."""
    heads = [layer for layer in model.layers if layer.name == "head"]
    return _found(heads[0].layers[-1]) if heads and getattr(heads[0], "layers", None) else None


def _found(layer: keras.layers.Layer) -> Standardization | None:
    return layer if isinstance(layer, Standardization) else None

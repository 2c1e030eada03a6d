"""A model's loss as a function of one vector of all its trained weights, in float64."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from zoo.nn.physics import PhysicsModel
from zoo.nn.scaling import output_scaling


class FlatObjective:
    """The loss on some examples, with its gradient.

    Args:
        model: the model, float32; a copy of it computes in float64.
        jit: whether it is compiled with XLA.
    """

    def __init__(self, model: keras.Model, jit: bool):
        self._copy = in_float64(model)
        self._weights = self._copy.trainable_variables
        self._x = self._y = tf.zeros((0, 1), tf.float64)
        self._of_batch = tf.function(self._value_and_gradient, jit_compile=jit)
        self._errors_of = tf.function(self._errors, jit_compile=jit)
        for own, given in zip(self._copy.variables, model.variables, strict=True):
            own.assign(given.numpy())

    @property
    def start(self) -> np.ndarray:
        """The copy's trained weights, float64 (n,)."""
        return np.concatenate([np.ravel(weight.numpy()) for weight in self._weights])

    def use(self, x: np.ndarray, y: np.ndarray) -> None:
        """Set the examples, (n, inputs) and (n, values), that the loss is the mean over."""
        self._x, self._y = tf.constant(x, tf.float64), tf.constant(y, tf.float64)

    def __call__(self, flat: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the loss and its gradient, float64 (n,)."""
        value, gradient = self._of_batch(tf.constant(flat), self._x, self._y)
        return float(value), gradient.numpy()

    def errors(self, flat: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the size of each example's residual or error, float64 (n,)."""
        found = self._errors_of(
            tf.constant(flat), tf.constant(x, tf.float64), tf.constant(y, tf.float64)
        )
        return found.numpy()

    def assign_to(self, model: keras.Model, flat: np.ndarray) -> None:
        """Put the weights into a model, rounded to float32."""
        for weight, part in zip(model.trainable_variables, self._parts(flat), strict=True):
            weight.assign(np.reshape(part, weight.shape).astype(np.float32))

    def _parts(self, flat: Any) -> list[Any]:
        """Return the part of each weight in the vector."""
        parts, at = [], 0
        for weight in self._weights:
            size = int(np.prod(weight.shape))
            parts.append(flat[at : at + size])
            at += size
        return parts

    def _assign(self, flat):
        for weight, part in zip(self._weights, self._parts(flat), strict=True):
            weight.assign(tf.reshape(part, weight.shape))

    def _value_and_gradient(self, flat, x, y):
        self._assign(flat)
        with tf.GradientTape() as tape:
            loss = self._loss(x, y)
        gradients = tape.gradient(loss, [w.value for w in self._weights], None, "zero")
        return loss, tf.concat([tf.reshape(part, (-1,)) for part in gradients], axis=0)

    def _loss(self, x, y):
        outputs = self._copy(x, training=True)
        if isinstance(self._copy, PhysicsModel):
            return self._copy.compute_loss(x, y, outputs, training=True)
        # Keras's compute_loss would round the loss to float32.
        if (scaling := output_scaling(self._copy)) is not None:
            y, outputs = scaling.standardized(y), scaling.standardized(outputs)
        return self._copy.loss(y, outputs)

    def _errors(self, flat, x, y):
        self._assign(flat)
        if isinstance(self._copy, PhysicsModel):
            return tf.abs(self._copy.residuals(x)[:, 0])
        return tf.norm(self._copy(x, training=True) - y, axis=1)


def in_float64(model: keras.Model) -> keras.Model:
    """Return a copy of a model, with new weights, that computes in float64, as does its loss."""
    copy = type(model).from_config(_widened(model.get_config()))
    copy.compile(loss=keras.losses.MeanSquaredError(dtype="float64"))
    return copy


def _widened(config: Any) -> Any:
    """Return a configuration with float64 in place of every float32 that is a dtype."""
    if isinstance(config, dict):
        return {
            key: "float64" if value == "float32" and key in _DTYPES else _widened(value)
            for key, value in config.items()
        }
    if isinstance(config, (list, tuple)):
        return type(config)(_widened(value) for value in config)
    return config


# A layer's "dtype" is a name, or the configuration of a policy with a "name".
_DTYPES = ("dtype", "name")

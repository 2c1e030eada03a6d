"""The Burgers equation as the last layer of a network, with its conditions built in or penalised.

u_t + u u_x = ν u_xx for −1 ≤ x ≤ 1 and t ≥ 0, u(x, 0) = −sin πx, u(±1, t) = 0. Points are (x, t).
"""

from __future__ import annotations

import math

import keras
from keras import ops

from zoo.nn.physics import Equation


@keras.saving.register_keras_serializable("zoo")
class PeriodicFeatures(keras.layers.Layer):
    """(x, t) ↦ (cos πx, sin πx, 2t − 1): what follows has period 2 in x."""

    def call(self, inputs):
        """Return float32 (batch, 3)."""
        x, t = math.pi * inputs[:, :1], inputs[:, 1:]
        return ops.concatenate([ops.cos(x), ops.sin(x), 2 * t - 1], axis=1)

    def compute_output_shape(self, input_shape):
        """Return the shape of the features."""
        return (input_shape[0], 3)


@keras.saving.register_keras_serializable("zoo")
class Burgers(Equation):
    """u_t + u u_x = ν u_xx, without conditions: for observations, which determine u.

    Args:
        viscosity: ν, or its value before training if it is estimated.
        estimate: whether training changes ν.
        **kwargs: of an `Equation`.
    """

    def __init__(self, viscosity, estimate=False, **kwargs):
        super().__init__(**kwargs)
        self.viscosity = float(viscosity)
        self.estimate = bool(estimate)

    def build(self, input_shape):
        """Create the weight ν."""
        self._viscosity = self.add_coefficient("viscosity", self.viscosity, self.estimate)

    def residual(self, x, u):
        """Return u_t + u u_x − ν u_xx, (batch, 1)."""
        slope, rate = u.first[:, :1], u.first[:, 1:]
        return rate + u.value * slope - self._viscosity * u.second[:, :1]

    def observed(self, x):
        """Return 1 everywhere if ν is estimated, else 0."""
        return ops.ones_like(x[:, 0]) * float(self.estimate)

    def get_config(self):
        """Return the constructor's arguments."""
        return {**super().get_config(), "viscosity": self.viscosity, "estimate": self.estimate}


@keras.saving.register_keras_serializable("zoo")
class BurgersPenalised(Burgers):
    """The Burgers equation with its conditions' squared errors in the loss (Raissi et al.)."""

    def condition_errors(self, u, x):
        """Return u(x, 0) + sin πx and u(±1, t), at the batch's x and t."""
        place, time = x[:, :1], x[:, 1:]
        walls = [u(ops.concatenate([side * ops.ones_like(time), time], 1)) for side in (-1, 1)]
        start = u(ops.concatenate([place, ops.zeros_like(place)], 1))
        return [start + ops.sin(math.pi * place), *walls]


@keras.saving.register_keras_serializable("zoo")
class BurgersBuiltIn(Burgers):
    """The Burgers equation with u = −sin πx + t · N(x, t), which is −sin πx at t = 0.

    If the network N has period 2 in x, so has u. The solution with that period is 0 at x = ±1.
    """

    def call(self, inputs):
        """Return −sin πx + t · N(x, t), (batch, 1)."""
        x, output = inputs
        return x[:, 1:] * output - ops.sin(math.pi * x[:, :1])


EQUATIONS = {"none": Burgers, "penalised": BurgersPenalised, "built_in": BurgersBuiltIn}

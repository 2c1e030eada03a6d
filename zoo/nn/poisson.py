"""Poisson's equation on the unit interval and square, as the last layer of a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from zoo.nn.physics import Derivatives, Equation


@keras.saving.register_keras_serializable("zoo")
class PoissonEquation(Equation):
    """−Δu = f with u = 0 on the boundary of the unit interval or square.

    On the interval, f = π² (sin πx + 4.5 sin 3πx), of u = sin πx + ½ sin 3πx; on the square,
    f = 2π² sin πx sin πy, of u = sin πx sin πy.

    Args:
        built_in: whether the network's output N is multiplied by ∏ 4xᵢ(1 − xᵢ), which is 0 on the
            boundary; else errors on the boundary are penalised.
        **options: of an `Equation`.
    """

    def __init__(self, built_in=True, **options):
        super().__init__(**options)
        self.built_in = bool(built_in)

    def call(self, inputs):
        """Return u, (batch, 1)."""
        x, raw = inputs
        if not self.built_in:
            return raw
        return raw * ops.prod(4 * x * (1 - x), axis=-1, keepdims=True)

    def residual(self, x: Any, u: Derivatives) -> Any:
        """Return −Δu − f, (batch, 1)."""
        return -ops.sum(u.second, axis=-1, keepdims=True) - self.source(x)

    def source(self, x: Any) -> Any:
        """Return f, (batch, 1)."""
        waves = ops.sin(np.pi * x)
        if x.shape[-1] == 1:
            return np.pi**2 * (waves + 4.5 * ops.sin(3 * np.pi * x))
        return 2 * np.pi**2 * ops.prod(waves, axis=-1, keepdims=True)

    def condition_errors(self, u: Callable[[Any], Any], x: Any) -> list[Any]:
        """Return u at the batch's points projected onto each side of the boundary."""
        if self.built_in:
            return []
        sides = []
        for axis in range(x.shape[-1]):
            columns = [x[:, i : i + 1] for i in range(x.shape[-1])]
            for end in (0.0, 1.0):
                columns[axis] = ops.full_like(columns[axis], end)
                sides.append(u(ops.concatenate(columns, axis=-1)))
        return sides

    def get_config(self):
        """Return the constructor's arguments."""
        return {**super().get_config(), "built_in": self.built_in}

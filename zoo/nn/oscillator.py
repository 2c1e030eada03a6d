"""The equation of motion of a damped oscillator, as the last layer of a network."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from zoo.nn.physics import Derivatives, Equation


@keras.saving.register_keras_serializable("zoo")
class OscillatorEquation(Equation):
    """m u″ + μ u′ + k u = 0, with values of u observed up to a time.

    The weights are μ and k divided by the values that are given, so that both are near 1.

    Args:
        mass: m.
        damping: μ, or where its estimate begins; not 0.
        stiffness: k, or where its estimate begins; not 0.
        estimated: whether training changes μ and k.
        observed_until: the last time at which targets count in the loss.
        **options: of an `Equation`.
    """

    def __init__(
        self,
        mass=1.0,
        damping=1.0,
        stiffness=1.0,
        estimated=False,
        observed_until=0.0,
        **options,
    ):
        super().__init__(**options)
        self.mass, self.damping, self.stiffness = float(mass), float(damping), float(stiffness)
        self.estimated = bool(estimated)
        self.observed_until = float(observed_until)

    def build(self, input_shape):
        """Create the weights of the coefficients."""
        self._damping = self.add_coefficient("damping", 1.0, self.estimated)
        self._stiffness = self.add_coefficient("stiffness", 1.0, self.estimated)
        super().build(input_shape)

    def estimates(self) -> dict[str, Any]:
        """Return μ and k as they are, if training changes them."""
        begun = {"damping": self.damping, "stiffness": self.stiffness}
        return {name: begun[name] * ratio for name, ratio in super().estimates().items()}

    def residual(self, x: Any, u: Derivatives) -> Any:
        """Return m u″ + μ u′ + k u, (batch, 1)."""
        damping = self.damping * ops.cast(self._damping, u.value.dtype)
        stiffness = self.stiffness * ops.cast(self._stiffness, u.value.dtype)
        return self.mass * u.second + damping * u.first + stiffness * u.value

    def observed(self, x: Any) -> Any:
        """Return 1 for times up to `observed_until`, else 0, (batch,)."""
        return ops.cast(x[:, 0] <= self.observed_until, x.dtype)

    def get_config(self):
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "mass": self.mass,
            "damping": self.damping,
            "stiffness": self.stiffness,
            "estimated": self.estimated,
            "observed_until": self.observed_until,
        }

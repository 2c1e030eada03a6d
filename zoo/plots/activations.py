"""The lecture's ten activations, each with its derivative."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from zoo.nn.activations import NAMES, activation_layer
from zoo.plots.style import COLORS, new_figure, styled

_FROM, _TO, _POINTS = -4.0, 4.0, 801
STAND_IN = "dashed: the straight-through\ngradient of training, 1;\nthe true derivative is 0"


def values(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return z, the activation of z, and the derivative that training uses, float32 (801,).

    Raises:
        UnknownNameError: for a name that is not one of `zoo.nn.activations.NAMES`.
    """
    z = tf.linspace(_FROM, _TO, _POINTS)
    layer = activation_layer(name)
    with tf.GradientTape() as tape:
        tape.watch(z)
        y = layer(z[:, None])[:, 0]
    derivative = tape.gradient(y, z)
    return z.numpy(), np.asarray(y), np.asarray(derivative)


@styled
def activation_pictures() -> Figure:
    """Return a figure of all ten, activations solid and derivatives dashed.

    For the step, the straight-through gradient 1 that training uses is drawn, with a note.
    """
    figure = new_figure(
        15, 6.5, "The ten activations (solid) and their derivatives (dashed), over z"
    )
    for axes, name in zip(figure.subplots(2, 5, sharex=True).ravel(), NAMES, strict=True):
        z, y, derivative = values(name)
        axes.axhline(0, color="0.8", linewidth=1)
        axes.axvline(0, color="0.8", linewidth=1)
        axes.plot(z, y, color=COLORS[0])
        axes.plot(z, derivative, "--", color=COLORS[1])
        axes.set_title(name)
        axes.set_xlim(_FROM, _TO)
        axes.set_ylim(-1.5, 2.5)
        axes.set_xticks([-4, -2, 0, 2, 4])
        if name == "step":
            axes.text(0.04, 0.03, STAND_IN, transform=axes.transAxes, color=COLORS[1], fontsize=10)
    return figure

"""What a model of two numbers says everywhere on the plane, and where it changes its mind."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import matplotlib
import numpy as np
from matplotlib.collections import QuadMesh
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from zoo.data.dataset import Split
from zoo.errors import ZooError
from zoo.plots.style import DIVERGING, FIRST, SECOND, new_figure, short, styled

_POINTS = 201
# Without the darkest ends, on which the examples could not be seen.
_PLANE = LinearSegmentedColormap.from_list(
    "plane", matplotlib.colormaps[DIVERGING](np.linspace(0.18, 0.82, 65))
)


def check_plane(model: keras.Model) -> None:
    """Raise one sentence unless a model has a plane to draw: two numbers in, one out.

    Raises:
        ZooError: otherwise.
    """
    if model.input_shape[1:] != (2,) or model.output_shape[1:] != (1,):
        raise ZooError(
            f"{model.name} has no plane: it takes {model.input_shape[1:]} and gives "
            f"{model.output_shape[1:]}; a boundary is drawn for a model of two numbers with one "
            "output, such as perceptron or xor_mlp."
        )


def plane(model: keras.Model, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return both coordinates of a grid around the examples and the model's output on it.

    Args:
        model: of two numbers with one output.
        x: examples, (n, 2).

    Returns:
        Arrays of shape (201,), (201,) and (201, 201), rows along the second coordinate.

    Raises:
        ZooError: if the model takes or gives another number of numbers.
    """
    check_plane(model)
    margin = 0.35 * np.ptp(x, axis=0) + 0.1
    lower, upper = x.min(axis=0) - margin, x.max(axis=0) + margin
    across, up = (np.linspace(lower[axis], upper[axis], _POINTS) for axis in (0, 1))
    points = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2).astype("float32")
    outputs = keras.ops.convert_to_numpy(model(points, training=False))
    return across, up, outputs.reshape(_POINTS, _POINTS)


def line(model: keras.Model) -> tuple[np.ndarray, float] | None:
    """Return w and b of the line wᵀx + b = 0 of a model with one layer; None for more layers."""
    dense = [layer for layer in model.get_layer("head").layers if layer.weights]
    if len(dense) != 1:
        return None
    kernel, bias = dense[0].get_weights()
    return kernel[:, 0], float(bias[0])


@styled
def boundary_picture(
    model: keras.Model, split: Split, threshold: float, labels: Sequence[str], title: str
) -> Figure:
    """Return the plane coloured by output, the examples, and the boundary between the labels.

    Args:
        model: of two numbers with one output.
        split: examples to draw, labels 0 and 1.
        threshold: the output from which the second label is decided.
        labels: names of the two, the first drawn blue, the second red.
        title: above.

    Raises:
        ZooError: if the model is no such model.
    """
    check_plane(model)
    across, up, outputs = plane(model, np.asarray(split.x))
    figure = new_figure(8.5, 6, title)
    axes = figure.subplots()
    if straight := line(model):
        _draw_line(axes, *straight, across, up)
    elif outputs.min() < threshold < outputs.max():
        axes.contour(across, up, outputs, levels=[threshold], colors="black", linewidths=2.5)
    drawn = draw_plane(axes, across, up, outputs, split, labels, marker_size=60)
    told = f"output; from {threshold:g} up: {short(labels[1])}"
    figure.colorbar(drawn, ax=axes, label=told, shrink=0.9)
    axes.set_xlabel("x₁")
    axes.set_ylabel("x₂")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return figure


def draw_plane(
    axes, across, up, outputs, split: Split, labels: Sequence[str], marker_size: float
) -> QuadMesh:
    """Draw a plane coloured by output, what `plane` returned, and the examples on it."""
    drawn = axes.pcolormesh(across, up, outputs, cmap=_PLANE, vmin=0, vmax=1, rasterized=True)
    # Told apart by shape as well as by colour.
    for label, marker, color in ((0, "o", FIRST), (1, "s", SECOND)):
        x, y = np.asarray(split.x)[np.asarray(split.y) == label].T
        axes.scatter(
            x,
            y,
            s=marker_size,
            c=color,
            marker=marker,
            edgecolors="black",
            label=short(labels[label]),
        )
    axes.set_xlim(across[0], across[-1])
    axes.set_ylim(up[0], up[-1])
    return drawn


def _draw_line(axes, weights, bias, across, up) -> None:
    if abs(weights[1]) >= abs(weights[0]) and weights[1]:
        axes.plot(across, -(weights[0] * across + bias) / weights[1], color="black")
    elif weights[0]:
        axes.plot(-(weights[1] * up + bias) / weights[0], up, color="black")

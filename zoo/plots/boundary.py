"""The output of a model with two inputs over the plane, and its decision boundary."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import matplotlib
import numpy as np
from matplotlib.axes import Axes
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
    """Raise an error unless a model has two inputs and one output.

    Raises:
        ZooError: otherwise.
    """
    if model.input_shape[1:] != (2,) or model.output_shape[1:] != (1,):
        raise ZooError(
            f"{model.name} has input shape {model.input_shape[1:]} and output shape "
            f"{model.output_shape[1:]}; a decision boundary is plotted for models with two inputs "
            "and one output, such as perceptron or xor_mlp."
        )


def plane(model: keras.Model, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Evaluate a model on a grid around the examples.

    Args:
        model: with two inputs and one output.
        x: examples, (n, 2).

    Returns:
        The grid's first coordinates (201,), its second coordinates (201,) and the outputs
        (201, 201), with rows along the second coordinate.

    Raises:
        ZooError: if the model has another number of inputs or outputs.
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
    """Return a figure of the plane coloured by output, the examples, and the decision boundary.

    Args:
        model: with two inputs and one output.
        split: examples to draw, labels 0 and 1.
        threshold: outputs from this value up mean the second label.
        labels: names of the two classes, the first drawn blue, the second red.
        title: of the figure.

    Raises:
        ZooError: if the model has another number of inputs or outputs.
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
    legend = f"output; from {threshold:g} up: {short(labels[1])}"
    figure.colorbar(drawn, ax=axes, label=legend, shrink=0.9)
    axes.set_xlabel("x₁")
    axes.set_ylabel("x₂")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return figure


def draw_plane(
    axes: Axes,
    across: np.ndarray,
    up: np.ndarray,
    outputs: np.ndarray,
    split: Split,
    labels: Sequence[str],
    marker_size: float,
) -> QuadMesh:
    """Draw the grid that `plane` returned, coloured by output, and the examples on it."""
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


def _draw_line(
    axes: Axes, weights: np.ndarray, bias: float, across: np.ndarray, up: np.ndarray
) -> None:
    if abs(weights[1]) >= abs(weights[0]) and weights[1]:
        axes.plot(across, -(weights[0] * across + bias) / weights[1], color="black")
    elif weights[0]:
        axes.plot(-(weights[1] * up + bias) / weights[0], up, color="black")

"""A network's values over one or two inputs beside a reference: solution, error, slices."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import matplotlib
import numpy as np
from matplotlib.animation import FuncAnimation, PillowWriter
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from zoo.data import Dataset
from zoo.errors import ZooError
from zoo.plots.style import COLORS, DIVERGING, new_figure, short, styled
from zoo.registry.tasks import RELATIVE_L2
from zoo.utils.files import replacing

_FRAMES = 40
_FRAMES_PER_SECOND = 10
_SLICES = (0.25, 0.5, 0.75)
# Errors below this share of the largest are drawn in the same colour.
_DARKEST = 1e-4
_REFERENCE = COLORS[-1]
# Up to so many given values are drawn as large dots.
_FEW = 100


@dataclass(frozen=True)
class Field:
    """Values of networks and a reference on a grid of one or two inputs.

    Args:
        inputs: names of the inputs.
        value: name of the value.
        axes: the distinct numbers of each input, ascending.
        reference: the true values, (n,) or (n₁, n₂), along the inputs in their order.
        solutions: name of a network → its values, of the same shape.
        observed: x and y, (k,) each, of the training examples of one input whose values were given
            to the network; None if there are no such examples.
    """

    inputs: tuple[str, ...]
    value: str
    axes: tuple[np.ndarray, ...]
    reference: np.ndarray
    solutions: Mapping[str, np.ndarray]
    observed: tuple[np.ndarray, np.ndarray] | None = None

    def error(self, name: str) -> float:
        """Return the relative L2 error of a network."""
        return RELATIVE_L2.compute(self.solutions[name].ravel(), self.reference.ravel())


def check_field(model: keras.Model) -> None:
    """Raise an error unless a model has one or two numbers as inputs and one value as output.

    Raises:
        ZooError: otherwise.
    """
    of_numbers = model.inputs[0].name == "x"
    if not of_numbers or model.input_shape[1] not in (1, 2) or model.output_shape[1:] != (1,):
        raise ZooError(
            f"{model.name} has input shape {model.input_shape[1:]} and output shape "
            f"{model.output_shape[1:]}; a field is plotted for models with one or two inputs and "
            "one value as output, such as pinn_oscillator."
        )


def is_field(dataset: Dataset) -> bool:
    """Return whether the test points of a data set are a grid of one or two inputs, of one value.

    >>> from zoo import data
    >>> is_field(data.load("curve:franke")), is_field(data.load("gaussian"))
    (True, False)
    """
    x = np.asarray(dataset.test.x) if dataset.kind == "vector" else np.empty((0, 0))
    if x.shape[1] not in (1, 2) or len(dataset.values) != 1:
        return False
    points = len(np.unique(x, axis=0))
    return len(x) == points == math.prod(len(np.unique(column)) for column in x.T)


def field_of(
    dataset: Dataset,
    outputs: Mapping[str, np.ndarray],
    observed: tuple[np.ndarray, np.ndarray] | None = None,
) -> Field:
    """Return the outputs of networks on the test points of a data set as a field.

    Args:
        dataset: of one or two inputs and one value, whose test points form a grid.
        outputs: name of a network → its outputs on them, (examples, 1); one name, or for one
            input several.
        observed: as for `Field`.

    Raises:
        ZooError: if the test points form no grid, or several networks have two inputs.
    """
    x = np.asarray(dataset.test.x)
    inputs = dataset.inputs or tuple(f"x{number + 1}" for number in range(x.shape[1]))
    if len(outputs) > 1 and len(inputs) > 1:
        raise ZooError(
            f"{len(outputs)} models of {len(inputs)} inputs were given; several are plotted "
            "together only if they have one input, so give one."
        )
    if not is_field(dataset):
        raise ZooError(
            f"The test points of {dataset.name} are not a grid, on which a field is plotted; "
            "choose a model trained on a data set that has one, such as poisson_square, or use "
            "`zoo plot predictions`."
        )
    axes, places = zip(*(np.unique(column, return_inverse=True) for column in x.T), strict=True)
    shape = tuple(len(along) for along in axes)
    order = np.ravel_multi_index(places, shape)

    def arranged(numbers: np.ndarray) -> np.ndarray:
        grid = np.empty(len(x))
        grid[order] = np.asarray(numbers, np.float64).ravel()
        return grid.reshape(shape)

    return Field(
        inputs=tuple(inputs),
        value=dataset.values[0].name,
        axes=axes,
        reference=arranged(dataset.test.y),
        solutions={name: arranged(numbers) for name, numbers in outputs.items()},
        observed=observed,
    )


@styled
def field_picture(field: Field, title: str) -> Figure:
    """Return a figure of a field.

    For one input: the values and the reference as curves, and below them the errors. For two: the
    values, the reference and the error over the plane, and below them values and reference at
    three numbers of the second input.
    """
    return _curves(field, title) if len(field.inputs) == 1 else _planes(field, title)


def _curves(field: Field, title: str) -> Figure:
    figure = new_figure(11, 7.5, title)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[2, 1])
    (along,) = field.axes
    _draw_values(above, field, len(along))
    if field.observed is not None:
        few = len(field.observed[0]) <= _FEW
        above.plot(
            *field.observed,
            "o",
            color=_REFERENCE if few else "#BBBBBB",
            markersize=5 if few else 2,
            # Many would cover the curves.
            zorder=3 if few else 0,
            label="given values",
        )
    _draw_legend(above)
    for color, values in zip(COLORS, field.solutions.values(), strict=False):
        _draw_error(below, along, values - field.reference, color)
    below.set_xlabel(short(field.inputs[0]))
    below.set_ylabel("error")
    return figure


def _draw_values(axes: Axes, field: Field, count: int) -> None:
    """Draw the first `count` values of networks of one input."""
    (along,) = field.axes
    for color, (name, values) in zip(COLORS, field.solutions.items(), strict=False):
        label = f"{short(name)}: relative L2 error {field.error(name):.2g}"
        axes.plot(along[:count], values[:count], color=color, label=label)
    axes.plot(along, field.reference, "--", color=_REFERENCE, linewidth=1.5, label="reference")
    axes.set_ylabel(short(field.value))
    _set_limits(axes, field)


def _draw_error(axes: Axes, along: np.ndarray, error: np.ndarray, color: str) -> None:
    # An error of 0, as on a boundary, has no place on a logarithmic axis.
    sizes = np.where(error == 0, np.nan, np.abs(error))
    axes.plot(along, sizes, color=color, linewidth=1.5)
    if np.isfinite(sizes).any():
        axes.set_yscale("log")
        # Matplotlib labels a logarithmic axis with formulas, which are not parsed here.
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())


def _draw_legend(axes: Axes) -> None:
    axes.legend(fontsize=11, loc="upper right", framealpha=0.9, edgecolor="none")


def _set_limits(axes: Axes, field: Field) -> None:
    lowest, highest = field.reference.min(), field.reference.max()
    size = float(highest - lowest) or 1.0
    # A network that is far off leaves the axes, which the reference would be too small on.
    every = np.stack([field.reference, *field.solutions.values()]).clip(
        lowest - size / 4, highest + size / 4
    )
    axes.set_xlim(field.axes[0][0], field.axes[0][-1])
    # Room for the legend.
    axes.set_ylim(every.min() - 0.05 * size, every.max() + 0.25 * size)


def _planes(field: Field, title: str) -> Figure:
    figure = new_figure(15, 8.5, title)
    grid = figure.subplots(2, 3, height_ratios=[1.2, 1])
    (solution,) = field.solutions.values()
    size = float(np.abs(field.reference).max()) or 1.0
    both: dict[str, Any] = {"cmap": DIVERGING, "vmin": -size, "vmax": size}
    error = np.abs(solution - field.reference)
    largest = float(error.max()) or 1.0
    scale: dict[str, Any] = {
        "cmap": "viridis",
        "norm": LogNorm(_DARKEST * largest, largest, clip=True),
    }
    parts = (
        ("network", solution, both),
        ("reference", field.reference, both),
        ("error", error, scale),
    )
    for axes, (heading, values, colors) in zip(grid[0], parts, strict=True):
        # Rows of a mesh lie along the vertical axis, the second input.
        drawn = axes.pcolormesh(*field.axes, values.T, rasterized=True, **colors)
        bar = figure.colorbar(drawn, ax=axes)
        if heading == "error":
            bar.ax.yaxis.set_major_formatter(lambda value, _: f"{value:.0e}")
            bar.ax.yaxis.set_minor_formatter(NullFormatter())
        axes.set_title(heading, fontsize=13)
        axes.set_xlabel(short(field.inputs[0]))
        axes.set_ylabel(short(field.inputs[1]))
    for axes, share in zip(grid[1], _SLICES, strict=True):
        _draw_slice(axes, field, round(share * (len(field.axes[1]) - 1)))
    grid[1][0].legend(frameon=False, fontsize=11)
    return figure


def _draw_slice(axes: Axes, field: Field, index: int) -> None:
    """Draw values and reference along the first input, at one number of the second."""
    ((name, solution),) = field.solutions.items()
    along, at = field.axes[0], field.axes[1][index]
    axes.plot(along, solution[:, index], color=COLORS[0], label=short(name))
    axes.plot(
        along,
        field.reference[:, index],
        "--",
        color=_REFERENCE,
        linewidth=1.5,
        label="reference",
    )
    axes.set_title(f"{short(field.inputs[1])} = {at:.3g}", fontsize=13)
    axes.set_xlabel(short(field.inputs[0]))
    axes.set_ylabel(short(field.value))
    _set_limits(axes, field)


@styled
def save_field_animation(field: Field, title: str, path: Path) -> Path:
    """Write a field as an animated GIF over its last input, and return the path.

    For one input, such as the time, the curves grow with it; for two, the values along the first
    are drawn at one number of the second after another.

    Raises:
        ZooError: if the file cannot be written.
    """
    figure = new_figure(8, 5, title)
    axes = figure.subplots()
    last = len(field.axes[-1]) - 1
    indices = np.unique(np.linspace(0, last, min(_FRAMES, last + 1)).round().astype(int))

    def draw(index: int) -> None:
        axes.clear()
        if len(field.inputs) == 1:
            _draw_values(axes, field, index + 1)
            axes.set_title(f"{short(field.inputs[0])} = {field.axes[0][index]:.2f}", fontsize=13)
            axes.set_xlabel(short(field.inputs[0]))
        else:
            _draw_slice(axes, field, index)
            axes.set_title(f"{short(field.inputs[1])} = {field.axes[1][index]:.2f}", fontsize=13)
        _draw_legend(axes)

    draw(last)
    # The places of axes and texts are computed once, and not for every frame.
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    # The last frame is shown for a second before the animation repeats.
    frames: Sequence[int] = [*indices.tolist(), *[last] * _FRAMES_PER_SECOND]
    with replacing(path) as temporary, matplotlib.rc_context({"savefig.bbox": None}):
        # Created only here: Matplotlib warns about an animation that is never saved.
        moving = FuncAnimation(figure, draw, frames, init_func=lambda: None, cache_frame_data=False)
        moving.save(str(temporary), PillowWriter(fps=_FRAMES_PER_SECOND), dpi=80)
    return path

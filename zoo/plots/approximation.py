"""A function, a network that approximates it, and how the error falls with the network's width."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zoo.data import Dataset
from zoo.data.curves import Curve
from zoo.errors import ZooError
from zoo.plots.sources import Source
from zoo.plots.style import COLORS, FIRST, SECOND, new_figure, short, styled
from zoo.registry import ModelSpec, describe
from zoo.registry.solvers import solver_entry
from zoo.training.run import train

WIDTHS = (8, 16, 32, 64, 128, 256, 512)
# What a float32 network cannot distinguish from no error.
_SMALLEST = 1e-7

# A name → (width, error) points.
Ways = Mapping[str, Sequence[tuple[int, float]]]


def check_function(source: Source) -> ModelSpec:
    """Return the specification of a model if it approximates a function of one number.

    Raises:
        ZooError: unless the plot applies to its task, and it has one input, one value, and an
            option `width`.
    """
    source.require_plot("approximation")
    spec = describe(source.name)
    shapes = (source.model.input_shape[1:], source.model.output_shape[1:])
    if shapes != ((1,), (1,)) or "width" not in spec.options:
        raise ZooError(
            f"{source.name} has input shape {shapes[0]} and output shape {shapes[1]}; an "
            "approximation is plotted for models with one input, one output and the option width, "
            "such as universal_approximator with inputs=1."
        )
    return spec


def errors_by_width(
    spec: ModelSpec, dataset: Dataset, widths: Sequence[int] = WIDTHS, seed: int = 0
) -> dict[str, list[tuple[int, float]]]:
    """Train a model by each of its recipes with each width and return its errors.

    Args:
        spec: the model's specification; it has an option `width`.
        dataset: the data set to train and test on.
        widths: numbers of hidden units; recipes that train by epochs use every second of them.
        seed: of each training.

    Returns:
        Name of a recipe → (width, primary metric on the test set) for each width.

    Raises:
        ZooError: if a recipe cannot train on the data set.
    """
    found: dict[str, list[tuple[int, float]]] = {}
    with tempfile.TemporaryDirectory(prefix="zoo-plot-") as folder:
        for recipe, settings in spec.recipes.items():
            # Training by epochs takes most of the time.
            takes_epochs = "epochs" in solver_entry(settings.solver).reads
            for width in widths[::2] if takes_epochs else widths:
                results = train(
                    spec.name,
                    recipe=recipe,
                    options={"width": width},
                    dataset=dataset,
                    seed=seed,
                    run_dir=Path(folder) / f"{recipe}-{width}",
                )
                error = results["test"][spec.task.primary.name]
                found.setdefault(recipe, []).append((width, error))
    return found


def error_bounds(curve: Curve | None, widths: Sequence[int] = WIDTHS) -> Ways:
    """Return the bounds of the errors by construction, by their formulas.

    Args:
        curve: the function; None if it is not known, which has no bounds.
        widths: numbers of hidden units: one per piece of a piecewise linear function, a pair per
            piece of a piecewise constant one.
    """
    if curve is None:
        return {}
    bounds = {
        "max|f″| h² / 8": [(width, curve.piecewise_linear_bound(width)) for width in widths],
        "max|f′| h / 2": [(width, curve.piecewise_constant_bound(width // 2)) for width in widths],
    }
    return {
        formula: [(width, bound) for width, bound in points if bound is not None]
        for formula, points in bounds.items()
        if all(bound is not None for _, bound in points)
    }


@styled
def approximation_picture(
    dataset: Dataset,
    outputs: np.ndarray,
    errors: Ways,
    bounds: Ways,
    title: str,
    metric: str = "largest error",
) -> Figure:
    """Return a figure of function and network, their difference, and errors against width.

    Args:
        dataset: with one input and one value; its test set is drawn.
        outputs: of the network on the test set, (examples, 1).
        errors: as `errors_by_width` returns them.
        bounds: as `error_bounds` returns them.
        title: of the figure.
        metric: what the errors are.
    """
    x = np.asarray(dataset.test.x)[:, 0]
    truth = np.asarray(dataset.test.y, np.float64).reshape(-1)
    order = np.argsort(x, kind="stable")
    x, truth, found = x[order], truth[order], np.asarray(outputs, np.float64)[order, 0]
    figure = new_figure(15, 7, title)
    axes = figure.subplot_mosaic(
        [["function", "widths"], ["error", "widths"]], height_ratios=[3, 2], width_ratios=[5, 4]
    )
    axes["function"].plot(x, truth, color=FIRST, label="function")
    axes["function"].plot(x, found, "--", color=SECOND, label="network")
    axes["function"].set_ylabel(short(dataset.values[0].name))
    axes["function"].legend(frameon=False, fontsize=12)
    axes["error"].axhline(0, color="black", linewidth=0.8)
    axes["error"].plot(x, found - truth, color=SECOND, linewidth=1.5)
    axes["error"].set_ylabel("network − function")
    for name in ("function", "error"):
        axes[name].set_xlabel(short(dataset.inputs[0] if dataset.inputs else "x"))
    _draw_widths(axes["widths"], errors, bounds, metric)
    return figure


def _draw_widths(axes: Axes, errors: Ways, bounds: Ways, metric: str) -> None:
    markers = "osD^v"
    for index, (name, points) in enumerate(errors.items()):
        widths, values = zip(*points, strict=True)
        axes.plot(
            widths,
            np.maximum(values, _SMALLEST),
            color=COLORS[index % len(COLORS)],
            marker=markers[index % len(markers)],
            label=f"recipe {name}",
        )
    for style, (formula, points) in zip((":", "--"), bounds.items(), strict=False):
        axes.plot(*zip(*points, strict=True), style, color="black", linewidth=1.5, label=formula)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    # Matplotlib labels a logarithmic axis with formulas, which are not parsed here.
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:g}")
        axis.set_minor_formatter(lambda value, _: "")
    axes.set_xlabel("width (hidden units)")
    axes.set_ylabel(f"{metric} on the test set")
    axes.legend(frameon=False, fontsize=12)

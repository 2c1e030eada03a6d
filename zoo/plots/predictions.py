"""Scatter plots of predicted against true values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from zoo.plots.style import FIRST, SECOND, new_figure, short, styled
from zoo.registry.tasks import Value

# The most plots that stay readable, and the most points that do not cover each other.
_MOST, _MOST_POINTS = 6, 5000


@styled
def predictions_picture(
    truth: np.ndarray, predicted: np.ndarray, values: Sequence[Value], title: str
) -> Figure:
    """Return a figure with a scatter plot of predicted against true values, for up to six values.

    At most 5,000 examples are drawn, evenly spaced.

    Args:
        truth: y of a split, (examples, …), one number per value.
        predicted: outputs of the model, (examples, values).
        values: names and units.
        title: of the figure.
    """
    truth = np.asarray(truth).reshape(predicted.shape)
    at = np.unique(np.linspace(0, len(truth) - 1, _MOST_POINTS).round().astype(int))
    shown = values[:_MOST]
    if len(values) > len(shown):
        title = f"{title} (the first {len(shown)} of {len(values)} values)"
    columns = min(3, len(shown))
    rows = -(-len(shown) // columns)
    figure = new_figure(5.2 * columns, 4.8 * rows, title)
    every = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in every[len(shown) :]:
        axes.set_axis_off()
    for axes, value, own, other in zip(every, shown, truth.T, predicted.T, strict=False):
        ends = [min(own.min(), other.min()), max(own.max(), other.max())]
        axes.plot(ends, ends, color=SECOND, linewidth=1.5, label="predicted = true")
        axes.scatter(own[at], other[at], s=9, color=FIRST, alpha=0.5, linewidths=0)
        name = short(f"{value.name} ({value.unit})" if value.unit else value.name)
        axes.set_xlabel(f"true {name}")
        axes.set_ylabel(f"predicted {name}")
    every[0].legend(frameon=False, fontsize=11)
    return figure

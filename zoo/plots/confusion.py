"""The confusion matrix: true labels against predicted labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from zoo.plots.style import new_figure, short, styled

# With more labels, a number in every cell would be too small to read.
_NUMBERED = 20
_LARGEST_SIDE = 12.0
_MOST_TICKS = 60


def confusion_matrix(truth: np.ndarray, decided: np.ndarray, labels: Sequence[str]) -> np.ndarray:
    """Return counts, int64 (labels, labels): rows are true labels, columns predicted labels."""
    counts = np.zeros((len(labels), len(labels)), np.int64)
    np.add.at(counts, (truth, decided), 1)
    return counts


def most_confused(counts: np.ndarray, most: int) -> list[tuple[int, int, int]]:
    """Return the pairs of labels most often confused, as (true, predicted, count).

    Args:
        counts: what `confusion_matrix` returns.
        most: the largest number of pairs to return.
    """
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    # Stable, so that equally frequent pairs always come in the same order.
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    pairs = zip(*np.unravel_index(order, wrong.shape), strict=True)
    return [
        (int(row), int(column), int(wrong[row, column]))
        for row, column in pairs
        if wrong[row, column]
    ]


@styled
def confusion_picture(counts: np.ndarray, labels: Sequence[str], title: str) -> Figure:
    """Return a figure of the matrix in percent of the true label, with numbers up to 20 labels.

    The figure's size is bounded, however many labels there are.
    """
    shares = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    numbered = len(labels) <= _NUMBERED
    side = min(2.5 + 0.75 * len(labels), _LARGEST_SIDE)
    figure = new_figure(side + 1.5, side, title)
    axes = figure.subplots()
    axes.spines[:].set_visible(False)
    drawn = axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    if numbered:
        for row, column in np.ndindex(shares.shape):
            share = shares[row, column]
            color = "white" if share > 55 else "black"
            axes.text(column, row, f"{share:.0f}", ha="center", va="center", color=color)
    figure.colorbar(drawn, ax=axes, shrink=0.8, label="% of the true label")
    step = -(-len(labels) // _MOST_TICKS)
    at = range(0, len(labels), step)
    names = [short(labels[index]) for index in at]
    size = 14 if numbered else max(14 * _NUMBERED / len(at), 7)
    upright = numbered and sum(map(len, names)) <= 4 * side
    rotation = 0 if upright else 45 if numbered else 90
    axes.set_xticks(
        at, names, fontsize=size, ha="right" if rotation == 45 else "center", rotation=rotation
    )
    axes.set_yticks(at, names, fontsize=size)
    axes.set_xlabel("predicted label")
    axes.set_ylabel("true label")
    return figure

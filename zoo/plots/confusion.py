"""The confusion matrix: which label is taken for which."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from zoo.plots.style import new_figure, styled


def confusion_matrix(truth: np.ndarray, decided: np.ndarray, labels: Sequence[str]) -> np.ndarray:
    """Return counts, int64 (labels, labels): row the true label, column the decision."""
    counts = np.zeros((len(labels), len(labels)), np.int64)
    np.add.at(counts, (truth, decided), 1)
    return counts


@styled
def confusion_picture(counts: np.ndarray, labels: Sequence[str], title: str) -> Figure:
    """Return the matrix with a share of the true label, in percent, in every cell."""
    shares = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = 2.5 + 0.75 * len(labels)
    figure = new_figure(side + 1, side)
    axes = figure.subplots()
    axes.set_title(title)
    axes.imshow(shares, cmap="cividis", vmin=0, vmax=100)
    for row, column in np.ndindex(shares.shape):
        share = shares[row, column]
        color = "black" if share > 50 else "white"
        axes.text(column, row, f"{share:.0f}", ha="center", va="center", color=color)
    axes.set_xticks(range(len(labels)), labels, rotation=45, ha="right")
    axes.set_yticks(range(len(labels)), labels)
    axes.set_xlabel("decided, % of the true label")
    axes.set_ylabel("true label")
    return figure

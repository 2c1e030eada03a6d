"""Learning curves: loss and accuracy over the epochs, or over λ for a solver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from zoo.plots.style import COLORS, new_figure, styled


@styled
def learning_curves(histories: Mapping[str, Sequence[Mapping[str, float]]], title: str) -> Figure:
    """Return loss and accuracy, training dashed and validation solid, one colour per run.

    Args:
        histories: what to call a run → the rows of its history.csv.
        title: above both.
    """
    figure = new_figure(11, 4.5)
    figure.suptitle(title)
    for axes, metric in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for color, (name, rows) in zip(_colors(histories), histories.items(), strict=True):
            over = "penalty" if "penalty" in rows[0] else "epoch"
            rows = sorted(rows, key=lambda row: row[over])
            at = [row[over] for row in rows]
            parts = ((metric, "--", "training"), (f"val_{metric}", "-", "validation"))
            for key, line, part in (part for part in parts if part[0] in rows[0]):
                label = f"{name}, {part}" if len(histories) > 1 else part
                marker = "o" if len(rows) < 30 else ""
                values = [row[key] for row in rows]
                axes.plot(at, values, line, color=color, label=label, marker=marker)
            if over == "penalty" and rows[-1][over] > 0:
                axes.set_xscale("symlog" if rows[0][over] == 0 else "log")
            axes.set_xlabel("λ" if over == "penalty" else "epoch")
        axes.set_ylabel(metric)
        if axes.lines:
            axes.legend(frameon=False)
    return figure


def _colors(histories: Mapping) -> list[str]:
    return [COLORS[index % len(COLORS)] for index in range(len(histories))]

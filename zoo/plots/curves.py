"""Learning curves: loss and a metric per epoch, or per λ for a direct solver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zoo.plots.style import COLORS, new_figure, short, styled, wrapped

Rows = Sequence[Mapping[str, float]]


def learning_curves(histories: Mapping[str, Rows], title: str, metric: str = "accuracy") -> Figure:
    """Return a figure of loss and a metric, training dashed and validation solid, a colour per run.

    Args:
        histories: name of a run → the rows of its history.csv.
        title: of the figure.
        metric: its column of the rows.
    """
    return grouped_curves({"": histories}, title, {"": metric})


@styled
def grouped_curves(
    groups: Mapping[str, Mapping[str, Rows]], title: str, metrics: Mapping[str, str] | None = None
) -> Figure:
    """Return a figure of learning curves with a row of axes for each group of runs.

    Losses on different data sets cannot be compared, nor a curve over λ with one over epochs:
    only runs of one group, with the same x axis, share axes.

    Args:
        groups: title of a group → name of a run → the rows of its history.csv, with at least one
            row.
        title: of the figure.
        metrics: title of a group → the metric to draw beside the loss, "accuracy" by default.
    """
    metrics = metrics or {}
    parts = [
        (over, heading, histories)
        for heading, runs in groups.items()
        for over, histories in _by_axis(runs).items()
    ]
    figure = new_figure(12, 4.5 * len(parts), title)
    alone = sum(len(histories) for _, _, histories in parts) == 1
    grid = figure.subplots(len(parts), 2, squeeze=False)
    for row, (over, heading, histories) in zip(grid, parts, strict=True):
        for axes, metric in zip(row, ("loss", metrics.get(heading, "accuracy")), strict=True):
            if heading and len(groups) > 1:
                axes.set_title(wrapped(heading, 5, 12), fontsize=12)
            _draw(axes, histories, metric, over, alone)
    return figure


def _by_axis(histories: Mapping[str, Rows]) -> dict[str, dict[str, Rows]]:
    found: dict[str, dict[str, Rows]] = {}
    for name, rows in histories.items():
        over = "penalty" if "penalty" in rows[0] else "epoch"
        found.setdefault(over, {})[name] = rows
    return found


def _draw(axes: Axes, histories: Mapping[str, Rows], metric: str, over: str, alone: bool) -> None:
    penalties: list[float] = []
    for color, (name, rows) in zip(_colors(histories), histories.items(), strict=True):
        parts = ((metric, "--", "training"), (f"val_{metric}", "-", "validation"))
        for key, line, part in parts:
            points = sorted((row[over], row[key]) for row in rows if over in row and key in row)
            if not points:
                continue
            at, values = zip(*points, strict=True)
            penalties += at
            axes.plot(
                at,
                values,
                line,
                color=color,
                label=part if alone else f"{short(name)}, {part}",
                marker="o" if len(points) < 30 else "",
            )
    if over == "penalty" and penalties and max(penalties) > 0:
        axes.set_xscale("symlog" if min(penalties) == 0 else "log")
        # Matplotlib labels a logarithmic axis with formulas, which are not parsed here.
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xlabel("λ" if over == "penalty" else "epoch")
    axes.set_ylabel(metric.replace("_", " "))
    if axes.lines:
        axes.legend(frameon=False, fontsize=12, handlelength=3.5)


def _colors(histories: Mapping) -> list[str]:
    return [COLORS[index % len(COLORS)] for index in range(len(histories))]

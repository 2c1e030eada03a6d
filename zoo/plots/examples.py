"""Examples of a data set, and how many it has of each class."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from PIL import Image

from zoo.data.dataset import SPLITS, Dataset, Split, with_units
from zoo.data.summary import class_counts
from zoo.plots.places import are_places, draw_places
from zoo.plots.style import COLORS, SECOND, new_figure, short, styled, wrapped

_WIDTH = 13.0
# The most classes that have a row of their own, and the examples in it.
_MOST_ROWS, _IN_ROW = 16, 8
# The most classes that are shown by one example each, and the columns of such a grid.
_MOST_SHOWN, _COLUMNS = 100, 10
_MOST_HISTOGRAMS, _HISTOGRAM_COLUMNS, _BINS = 12, 4, 30
_MOST_POINTS = 2000
_PIXELS = 160

_Draw = Callable[[Figure | SubFigure], None]


@styled
def examples_picture(dataset: Dataset, title: str) -> Figure:
    """Return a figure of a data set's training examples, and of its examples per class and split.

    Images are shown with their labels or values: up to 16 classes in a row each, more by one
    example each, up to 100; values that are points or a box are drawn on them. Two numbers are the
    coordinates of a point; more numbers, and values, are shown as histograms, up to 12.

    Args:
        dataset: the data set.
        title: of the figure.
    """
    panels = [_examples(dataset), *([_counts(dataset)] if dataset.labels else [])]
    height = sum(height for height, _ in panels) + 0.6
    figure = new_figure(_WIDTH, height, f"{title}{_shown(dataset)}")
    parts = figure.subfigures(
        len(panels), 1, squeeze=False, height_ratios=[height for height, _ in panels]
    )
    for part, (_, draw) in zip(parts[:, 0], panels, strict=True):
        draw(part)
    return figure


def _shown(dataset: Dataset) -> str:
    """Return what part of the classes or inputs is shown, for the title."""
    if dataset.kind == "image":
        shown, every, what = _MOST_SHOWN, len(dataset.labels), "classes"
    else:
        shown, every, what = _MOST_HISTOGRAMS, np.asarray(dataset.train.x[:1]).size, "inputs"
    return f": {shown} of {every:,} {what}" if every > shown else ""


def _examples(dataset: Dataset) -> tuple[float, _Draw]:
    """Return the height in inches of the examples, and what draws them."""
    train = dataset.train
    if dataset.kind == "image":
        if dataset.labels and len(dataset.labels) <= _MOST_ROWS:
            return 1.3 * len(dataset.labels), lambda part: _rows(part, train, dataset.labels)
        chosen, titles = _chosen(dataset)
        height = 1.6 * -(-len(chosen) // _COLUMNS)
        if are_places(values := [value.name for value in dataset.values]):
            # Neighbours may be views of one picture.
            chosen = _spread(range(len(train)), len(chosen))
            return height, lambda part: _places(part, train, chosen, values)
        return height, lambda part: _grid(part, train, chosen, titles)
    if np.asarray(train.x).shape[1:] == (2,) and dataset.labels:
        names = dataset.inputs or ("x₁", "x₂")
        return 6.0, lambda part: _points(part, train, dataset.labels, names)
    columns = _columns(dataset)
    groups = train.y if dataset.labels else np.zeros(len(train), np.int64)
    height = 2.6 * -(-len(columns) // _HISTOGRAM_COLUMNS)
    return height, lambda part: _histograms(part, columns, groups, dataset.labels)


def _rows(part: Figure | SubFigure, split: Split, labels: Sequence[str]) -> None:
    every = part.subplots(len(labels), _IN_ROW, squeeze=False)
    for row, (axes, examples) in enumerate(zip(every, _by_label(split, len(labels)), strict=True)):
        for one in axes:
            _bare(one)
        axes[0].set_ylabel(short(labels[row], 18), rotation=0, ha="right", va="center")
        for one, index in zip(axes, examples[:_IN_ROW], strict=False):
            _show(one, split.x[int(index)])


def _grid(
    part: Figure | SubFigure, split: Split, chosen: Sequence[int], titles: Sequence[str]
) -> None:
    every = part.subplots(-(-len(chosen) // _COLUMNS), _COLUMNS, squeeze=False).ravel()
    for one in every:
        _bare(one)
    for one, index, title in zip(every, chosen, titles, strict=False):
        _show(one, split.x[int(index)])
        one.set_title(wrapped(title, _WIDTH / _COLUMNS, 9.5, lines=2), fontsize=9.5)


def _places(
    part: Figure | SubFigure, split: Split, chosen: Sequence[int], names: Sequence[str]
) -> None:
    every = part.subplots(-(-len(chosen) // _COLUMNS), _COLUMNS, squeeze=False).ravel()
    for one in every:
        _bare(one)
    for one, index in zip(every, chosen, strict=False):
        _show(one, split.x[int(index)])
        (image,) = one.images
        height, width = image.get_array().shape[:2]
        image.set_extent((0, width, height, 0))
        draw_places(one, (height, width), split.y[index].ravel(), names, SECOND)
        # A point outside of the picture does not make it smaller.
        one.set(xlim=(0, width), ylim=(height, 0))


def _chosen(dataset: Dataset) -> tuple[list[int], list[str]]:
    """Return the indices of the examples in a grid, and their titles."""
    train = dataset.train
    if not dataset.labels:
        chosen = list(range(min(len(train), 4 * _COLUMNS)))
        rows = train.y.reshape(len(train), -1)
        return chosen, [", ".join(f"{number:.4g}" for number in rows[index]) for index in chosen]
    groups = _by_label(train, len(dataset.labels))
    shown = _spread([label for label, group in enumerate(groups) if len(group)], _MOST_SHOWN)
    return [int(groups[label][0]) for label in shown], [dataset.labels[label] for label in shown]


def _points(
    part: Figure | SubFigure, split: Split, labels: Sequence[str], names: Sequence[str]
) -> None:
    axes = part.subplots()
    x = np.asarray(split.x)
    for label, (name, rows) in enumerate(zip(labels, _by_label(split, len(labels)), strict=True)):
        points = x[rows[_spread(range(len(rows)), _MOST_POINTS)]]
        axes.scatter(
            points[:, 0],
            points[:, 1],
            s=36,
            alpha=0.7,
            color=_color(label),
            label=short(name),
            linewidths=0,
        )
    axes.set_xlabel(short(names[0]))
    axes.set_ylabel(short(names[1]), rotation=0)
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))


def _columns(dataset: Dataset) -> list[tuple[str, np.ndarray]]:
    """Return names and numbers of the histograms: the values to predict, then the inputs."""
    train = dataset.train
    x = np.asarray(train.x).reshape(len(train), -1)
    names = dataset.inputs or tuple(f"input {index + 1}" for index in range(x.shape[1]))
    units = [value.unit for value in dataset.values]
    targets = with_units([value.name for value in dataset.values], units)
    y = train.y.reshape(len(train), -1)
    of_targets = [(f"{name} (target)", y[:, at]) for at, name in enumerate(targets)]
    shown = _spread(range(x.shape[1]), _MOST_HISTOGRAMS)
    return [*of_targets[:_MOST_HISTOGRAMS], *((names[at], x[:, at]) for at in shown)]


def _histograms(
    part: Figure | SubFigure,
    columns: Sequence[tuple[str, np.ndarray]],
    groups: np.ndarray,
    labels: Sequence[str],
) -> None:
    rows = -(-len(columns) // _HISTOGRAM_COLUMNS)
    every = part.subplots(rows, _HISTOGRAM_COLUMNS, squeeze=False).ravel()
    for one in every[len(columns) :]:
        one.set_axis_off()
    # More outlines cannot be told apart.
    outlined = range(len(labels)) if len(labels) <= len(COLORS) else ()
    for axes, (name, numbers) in zip(every, columns, strict=False):
        edges = np.histogram_bin_edges(numbers.astype(np.float64), _BINS)
        if not outlined:
            axes.hist(numbers, edges, color=COLORS[0])
        for label in outlined:
            axes.hist(
                numbers[groups == label],
                edges,
                histtype="step",
                linewidth=1.8,
                color=_color(label),
                label=short(labels[label]),
            )
        axes.set_title(short(name, 24), fontsize=12)
        axes.tick_params(labelsize=9)
        axes.set_yticks([])
    if outlined:
        handles, names = every[0].get_legend_handles_labels()
        part.legend(handles, names, loc="outside right upper", frameon=False)


def _counts(dataset: Dataset) -> tuple[float, _Draw]:
    """Return the height in inches of the examples per class, and what draws them."""
    counts = class_counts(dataset)
    if len(dataset.labels) <= _MOST_ROWS:
        return 1.2 + 0.45 * len(dataset.labels), lambda part: _bars(part, counts, dataset.labels)
    return 3.4, lambda part: _curves(part, counts)


def _bars(part: Figure | SubFigure, counts: dict[str, np.ndarray], labels: Sequence[str]) -> None:
    axes = part.subplots()
    height = 0.8 / len(SPLITS)
    for at, split in enumerate(SPLITS):
        places = np.arange(len(labels)) + (at - 1) * height
        bars = axes.barh(places, counts[split], height, label=split, color=COLORS[at])
        axes.bar_label(bars, fmt="{:,.0f}", fontsize=9, padding=3)
    axes.set_yticks(range(len(labels)), [short(label, 18) for label in labels])
    axes.invert_yaxis()
    axes.set_xlabel("examples")
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))


def _curves(part: Figure | SubFigure, counts: dict[str, np.ndarray]) -> None:
    axes = part.subplots()
    order = np.argsort(-counts["train"], kind="stable")
    for at, split in enumerate(SPLITS):
        axes.plot(counts[split][order], label=split, color=COLORS[at], drawstyle="steps-mid")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("class, by number of training examples")
    axes.set_ylabel("examples")
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))


def _by_label(split: Split, labels: int) -> list[np.ndarray]:
    """Return the indices of each label's examples, in order."""
    order = np.argsort(split.y, kind="stable")
    return np.split(order, np.searchsorted(split.y[order], np.arange(1, labels)))


def _spread(items: Sequence[int], most: int) -> list[int]:
    """Return at most so many of the items, evenly spaced."""
    if len(items) <= most:
        return list(items)
    return [items[round(at)] for at in np.linspace(0, len(items) - 1, most)]


def _color(label: int) -> str:
    return COLORS[label % len(COLORS)]


def _bare(axes: Axes) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def _show(axes: Axes, photo: np.ndarray) -> None:
    photo = np.asarray(photo)
    image = Image.fromarray(photo[..., 0] if photo.shape[-1] == 1 else photo)
    # Drawing photos of full size would take gigabytes.
    image.thumbnail((_PIXELS, _PIXELS))
    # The gray levels are those of an image with one channel.
    axes.imshow(np.asarray(image), cmap="gray", vmin=0, vmax=255)

"""Predicted points and boxes, drawn on the pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zoo.plots.places import draw_places
from zoo.plots.style import FIRST, SECOND, new_figure, styled
from zoo.registry.tasks.pictures import BOX, distances, overlaps

_SHOWN, _COLUMNS = 12, 6
_TRUE, _PREDICTED = FIRST, SECOND


@styled
def overlay_picture(
    pictures: Sequence[np.ndarray],
    predicted: np.ndarray,
    truth: np.ndarray,
    names: Sequence[str],
    title: str,
) -> Figure:
    """Return a figure of twelve pictures with their true and predicted points, or boxes.

    They are spread evenly over the examples, from the best prediction to the worst, by the
    intersection over union of boxes or the mean distance of points.

    Args:
        pictures: uint8 (h, w, 3) each.
        predicted: the model's predictions, (examples, values), in shares of width and height.
        truth: the true values, of the same shape.
        names: of the values: those of a box, or NAME_x and NAME_y of each point.
        title: of the figure.
    """
    truth = np.asarray(truth).reshape(predicted.shape)
    if tuple(names) == BOX:
        figures, what = overlaps(predicted, truth), "IoU"
        order = np.argsort(-figures, kind="stable")
    else:
        figures, what = distances(predicted, truth).mean(axis=1), "distance"
        order = np.argsort(figures, kind="stable")
    shown = order[np.unique(np.linspace(0, len(order) - 1, _SHOWN).round().astype(int))]
    rows = -(-len(shown) // _COLUMNS)
    figure = new_figure(2.2 * _COLUMNS, 2.5 * rows + 0.9, title)
    every = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    for axes in every:
        axes.set_axis_off()
    for axes, index in zip(every, shown, strict=False):
        _show(axes, pictures[int(index)])
        draw_places(axes, pictures[int(index)].shape[:2], truth[index], names, _TRUE)
        draw_places(axes, pictures[int(index)].shape[:2], predicted[index], names, _PREDICTED)
        axes.set_title(f"{what} {figures[index]:.3f}", fontsize=11)
    _explain(figure)
    return figure


@styled
def photo_picture(
    photo: np.ndarray, predicted: np.ndarray, names: Sequence[str], title: str
) -> Figure:
    """Return a figure of one photo with the predicted points, or box.

    Args:
        photo: uint8 (h, w, 3).
        predicted: the model's prediction, (values,).
        names: as for `overlay_picture`.
        title: of the figure.
    """
    height, width = photo.shape[:2]
    figure = new_figure(7.0, min(7.0 * height / width, 14.0) + 0.6, title)
    axes = figure.subplots()
    axes.set_axis_off()
    _show(axes, photo)
    draw_places(axes, photo.shape[:2], predicted, names, _PREDICTED)
    return figure


def _show(axes: Axes, picture: np.ndarray) -> None:
    height, width = picture.shape[:2]
    axes.imshow(picture, extent=(0, width, height, 0))
    # What is predicted beyond the edge is not drawn.
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)


def _explain(figure: Figure) -> None:
    figure.text(0.01, 0.005, "true", color=_TRUE, fontsize=12, ha="left", va="bottom")
    figure.text(0.06, 0.005, "predicted", color=_PREDICTED, fontsize=12, ha="left", va="bottom")

"""Pictures of where joints are in a photo, from heat maps."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zoo.data.heat_maps import HeatMaps
from zoo.data.joint_labels import BACKGROUND
from zoo.plots.style import COLORS, new_figure, short, styled

_COLUMNS = 4


@styled
def joints_picture(photo: np.ndarray, maps: HeatMaps, title: str) -> Figure:
    """Return a figure of the most likely place of each joint, and of its heat map.

    Args:
        photo: uint8 (h, w, 3).
        maps: of the photo, by `heat_maps`.
        title: of the figure.
    """
    joints = [label for label in maps.labels if label != BACKGROUND]
    rows = -(-len(joints) // _COLUMNS)
    height, width = photo.shape[:2]
    panel = 2.6 * height / width
    figure = new_figure(16, max(3.5, rows * (panel + 0.4)), title)
    left, right = np.ravel(figure.subfigures(1, 2, width_ratios=(2, 3), squeeze=False))
    large = left.subplots()
    _show(large, photo)
    places = {joint: maps.most_likely(joint) for joint in joints}
    for index, (joint, (x, y, _)) in enumerate(places.items()):
        color = COLORS[index % len(COLORS)]
        marker = "os^v"[index // len(COLORS) % 4]
        large.plot(x, y, marker, color=color, markersize=10, markeredgecolor="white")
        text = large.annotate(
            short(joint, 14), (x, y), (7, 5), textcoords="offset points", color="white", fontsize=12
        )
        text.set_bbox({"facecolor": color, "alpha": 0.8, "edgecolor": "none", "pad": 1.5})
    large.set_title("most likely places")
    gray = photo.mean(axis=2)
    every = np.ravel(right.subplots(rows, min(_COLUMNS, len(joints)), squeeze=False))
    for axes in every:
        axes.set_axis_off()
    for axes, (joint, (x, y, probability)) in zip(every, places.items(), strict=False):
        _show(axes, gray, cmap="gray", vmin=0, vmax=255)
        axes.imshow(
            maps.probabilities[..., maps.labels.index(joint)],
            extent=(0, width, height, 0),
            cmap="inferno",
            vmin=0,
            vmax=max(float(maps.probabilities[..., maps.labels.index(joint)].max()), 1e-6),
            alpha=0.65,
            interpolation="bilinear",
        )
        axes.plot(x, y, "+", color="white", markersize=10)
        axes.set_title(f"{short(joint, 14)} {probability:.2f}")
    return figure


def _show(axes: Axes, picture: np.ndarray, **how: Any) -> None:
    height, width = picture.shape[:2]
    axes.imshow(picture, extent=(0, width, height, 0), **how)
    axes.set_axis_off()

"""Draws points and boxes on a picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from zoo.registry.tasks.pictures import BOX, JOINTS, POSE

LIMBS = tuple(
    (JOINTS.index(one), JOINTS.index(other))
    for one, other in (
        ("head_top", "neck"),
        *(
            (f"{side}_{one}", f"{side}_{other}")
            for side in ("left", "right")
            for one, other in (
                ("shoulder", "elbow"),
                ("elbow", "wrist"),
                ("shoulder", "hip"),
                ("hip", "knee"),
                ("knee", "ankle"),
            )
        ),
        ("left_shoulder", "neck"),
        ("right_shoulder", "neck"),
        ("left_hip", "right_hip"),
    )
)


def are_places(names: Sequence[str]) -> bool:
    """Return whether values of these names are the edges of a box, or x and y of points.

    >>> are_places(["left", "top", "right", "bottom"]), are_places(["a_x", "a_y"])
    (True, True)
    >>> are_places(["a_x", "b_y"]), are_places(["pressure"])
    (False, False)
    """
    points = [name.removesuffix("_x") for name in names[::2] if name.endswith("_x")]
    pairs = [f"{point}_{axis}" for point in points for axis in "xy"]
    return tuple(names) == BOX or (bool(points) and pairs == list(names))


def draw_places(
    axes: Axes, size: tuple[int, int], values: np.ndarray, names: Sequence[str], color: str
) -> None:
    """Draw a box, or points, on a picture; the joints of a pose are connected by limbs.

    Args:
        axes: show the picture from 0 to its width and height.
        size: height and width of the picture.
        values: in shares of width and height, (values,).
        names: of the values, for which `are_places` holds.
        color: of the lines.
    """
    height, width = size
    if tuple(names) == BOX:
        left, top, right, bottom = np.asarray(values, np.float64) * (width, height, width, height)
        axes.add_patch(
            Rectangle((left, top), right - left, bottom - top, fill=False, color=color, linewidth=2)
        )
        return
    points = np.asarray(values, np.float64).reshape(-1, 2) * (width, height)
    if tuple(names) == POSE:
        for one, other in LIMBS:
            axes.plot(*points[[one, other]].T, color=color, linewidth=1.5)
    axes.scatter(
        points[:, 0], points[:, 1], s=16, color=color, edgecolors="white", linewidths=0.6, zorder=3
    )

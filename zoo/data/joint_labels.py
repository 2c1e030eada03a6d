"""What a classifier of joints tells apart: joints without their side, and the background."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zoo.data.random_numbers import RandomNumbers

BACKGROUND = "background"
# Per photo. A joint with two sides has about two patches per photo.
BACKGROUND_PATCHES = 4
_SIDES = ("left_", "right_")
_OTHER_NAMES = {"head_top": "head"}
_TRIES = 25


def joint_of(name: str) -> str:
    """Return the joint that a point is, whichever side it is on.

    >>> joint_of("left_knee"), joint_of("head_top")
    ('knee', 'head')
    """
    for side in _SIDES:
        name = name.removeprefix(side)
    return _OTHER_NAMES.get(name, name)


def joint_labels(names: Sequence[str]) -> tuple[str, ...]:
    """Return the labels of points of these names: joints, sorted, then the background.

    >>> joint_labels(["right_hip", "left_hip", "head_top"])
    ('head', 'hip', 'background')
    """
    joints = {joint_of(name) for name in names} - {BACKGROUND}
    return (*sorted(joints), BACKGROUND)


def background_places(
    random: RandomNumbers,
    size: tuple[int, int],
    joints: Sequence[tuple[float, float]],
    side: float,
) -> list[tuple[float, float]]:
    """Return the centres of patches of a photo that have no joint near: (x, y), at most four.

    They are anywhere in the photo, at least half of a patch's side away from every joint, so that
    some are on a limb between two joints. A photo with little free space has fewer.

    Args:
        random: where they come from.
        size: height and width of the photo.
        joints: (x, y) of all its joints, visible or not.
        side: of a patch, in pixels.
    """
    shares = random.uniform(2 * _TRIES).reshape(_TRIES, 2)
    centres = shares * (size[1], size[0])
    offsets = centres[:, None] - np.asarray(joints, np.float64)[None]
    far = ((offsets**2).sum(axis=2) >= (side / 2) ** 2).all(axis=1)
    return [(float(x), float(y)) for x, y in centres[far][:BACKGROUND_PATCHES]]

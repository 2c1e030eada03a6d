"""Square pictures of one person, and the coordinates of named points in them.

As DeepPose does (Toshev & Szegedy, 2014), a square around the points, as a detector of people would
find it, is scaled to one size, and coordinates are shares of its side. For training there are
views in which the square is larger, shifted and turned, and mirrored ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from zoo.data.random_numbers import RandomNumbers
from zoo.data.squares import cut_square

# Height and width of a view.
SIZE = 48
# Side of the square, as a multiple of the longer side of the box around the points.
MARGIN = 1.25
# The largest changes of a view: the side of the square as a multiple, the shift of its centre in
# sides, and the angle in degrees.
LARGEST_SIDE, SHIFT, ANGLE = 1.3, 0.06, 25.0
# Views are taken from a picture of twice the square's side, at twice the resolution.
_WIDER, _FINER = 2, 2
_LEFT, _RIGHT = "left_", "right_"


class Person(NamedTuple):
    """A person with surroundings.

    Args:
        picture: uint8 (192, 192, 3), with the square in the middle.
        points: (x, y) of each point in pixels of the picture, (names, 2).
    """

    picture: np.ndarray
    points: np.ndarray


class View(NamedTuple):
    """A view of a person.

    Args:
        picture: uint8 (48, 48, 3).
        points: (x, y) of each point in shares of the picture's side, (names, 2).
    """

    picture: np.ndarray
    points: np.ndarray


def cut_person(photo: np.ndarray, points: np.ndarray) -> Person:
    """Return the person whose points these are; outside of the photo, its edge is repeated.

    Args:
        photo: uint8 (h, w, 3).
        points: (x, y) of each point in pixels of the photo, (names, 2).
    """
    smallest, largest = points.min(axis=0), points.max(axis=0)
    # Never 0, not even for a single point.
    side = MARGIN * max(1.0, float((largest - smallest).max()))
    corner = (smallest + largest) / 2 - _WIDER * side / 2
    size = _WIDER * _FINER * SIZE
    picture = cut_square(photo, corner[0], corner[1], _WIDER * side, size)
    return Person(picture, (points - corner) / (_WIDER * side) * size)


def plain_view(person: Person) -> View:
    """Return the square around the points as it is."""
    return _view(person, 1.0, np.zeros(2), 0.0)


def random_view(
    person: Person, random: RandomNumbers, mirrored: Sequence[int] | None = None
) -> View:
    """Return a view of a square that is up to 1.3 times as large, shifted and turned.

    Args:
        person: the person.
        random: where the changes come from.
        mirrored: which point each becomes in a mirrored picture, as `mirrored_names` returns it;
            the view is then mirrored with probability ½. None to mirror no view.
    """
    scale = random.between(1, LARGEST_SIDE)
    shift = np.array([random.between(-SHIFT, SHIFT), random.between(-SHIFT, SHIFT)])
    view = _view(person, scale, shift, np.deg2rad(random.between(-ANGLE, ANGLE)))
    if mirrored is None or not random.chance(0.5):
        return view
    points = view.points[list(mirrored)] * [-1, 1] + [1, 0]
    return View(np.ascontiguousarray(view.picture[:, ::-1]), points)


def mirrored_names(names: Sequence[str]) -> list[int] | None:
    """Return which point each becomes in a mirrored picture: left_NAME and right_NAME change.

    None if no name tells a side, or one side is missing: such points are not known to have mirror
    images.

    >>> mirrored_names(["left_eye", "nose", "right_eye"]), mirrored_names(["nose", "tail"])
    ([2, 1, 0], None)
    """
    exchanged = [_other_side(name) for name in names]
    if exchanged == list(names) or set(exchanged) != set(names):
        return None
    return [names.index(name) for name in exchanged]


def _other_side(name: str) -> str:
    for side, other in ((_LEFT, _RIGHT), (_RIGHT, _LEFT)):
        if name.startswith(side):
            return other + name.removeprefix(side)
    return name


def _view(person: Person, scale: float, shift: np.ndarray, angle: float) -> View:
    from PIL import Image

    size = _FINER * SIZE
    turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    # A place p in the view is `scale * turned @ p + start` in the person's picture.
    start = len(person.picture) / 2 + shift * size - scale * turned @ np.full(2, size / 2)
    (a, b), (d, e) = scale * turned
    coefficients = (a, b, start[0], d, e, start[1])
    fine = Image.fromarray(person.picture).transform(
        (size, size), Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR
    )
    # The inverse of a rotation is its transpose.
    points = (person.points - start) @ turned / (scale * size)
    return View(np.asarray(fine.reduce(_FINER)), points)

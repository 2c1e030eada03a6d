"""A data set of people cut out of photos and the coordinates of their named points, for regressors.

As DeepPose does (Toshev & Szegedy, 2014), a square around the points, as a detector of people would
find it, is scaled to one size, and coordinates are shares of its side.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from zoo import edge
from zoo.data.dataset import SPLITS, Dataset, Split, computed_dataset, example_digest
from zoo.data.keypoint_coordinates import complete_points, require_every_split, values_of
from zoo.data.keypoints import read_keypoints, split_photos
from zoo.data.places import Request
from zoo.data.splits import canonical_order
from zoo.data.squares import cut_square
from zoo.errors import ZooError
from zoo.utils.text import printable

# Height and width of a picture.
SIZE = 64
# Side of the square, as a multiple of the longer side of the box around the points.
MARGIN = 1.25
# How many views of each training photo there are, and the largest change of each: the side of the
# square as a multiple, the shift of its centre in sides, and the angle in degrees.
VIEWS = 40
_LARGEST_SIDE, _SHIFT, _ANGLE = 1.3, 0.06, 25.0
# Views are taken from a picture of twice the square's side, at twice the resolution.
_WIDER, _FINER = 2, 2
_LEFT, _RIGHT = "left_", "right_"


def load_coordinates(request: Request) -> Dataset:
    """Return the data set of people and the coordinates of their points, NAME_x and NAME_y.

    x are uint8 (n, 64, 64, 3): the square with the centre of the box around a photo's points and
    1.25 times its longer side; what lies outside of the photo repeats the photo's edge. y are
    float32 (n, 2 · names): x and y of each name, in alphabetical order, in shares of the square's
    side from its left and upper edge.

    Photos with every point visible and inside are taken, the others are counted in a note; the
    splits are those of the patches of the same folder. A training photo is in the data set 40
    times: as it is, and in 39 views of a square up to 1.3 times as large, shifted by up to 6 % of
    its side, turned by up to 25°, and, if there are names that begin with left_ and right_,
    mirrored with probability ½ with those names exchanged; the views follow from the
    photo's name.

    Args:
        request: its `data_dir` is a folder as `read_keypoints` takes it.

    Raises:
        ZooError: as `read_keypoints`; if a photo has two points of one name, or a split has no
            photo with all points.
    """
    if request.data_dir is None:
        raise ZooError("The data set coordinates needs a folder; write coordinates:FOLDER.")
    keypoints = read_keypoints(request.data_dir)
    digests: dict[str, bytes] = {}
    people: dict[str, _Person] = {}
    skipped = []
    for done, image in enumerate(keypoints.points, start=1):
        try:
            photo = edge.decode(keypoints.photo(image))
        except edge.InputError:
            skipped.append(printable(image))
            continue
        digests[image] = example_digest(photo)
        points = complete_points(keypoints, image, photo.shape[:2])
        if points is not None:
            people[image] = _person(photo, np.array([(point.x, point.y) for point in points]))
        if request.progress:
            request.progress(done, len(keypoints.points))
    split_of = split_photos(digests)
    images = sorted(people)
    ordered = [images[at] for at in canonical_order(images)]
    by_split = {split: [image for image in ordered if split_of[image] == split] for split in SPLITS}
    require_every_split(keypoints, by_split)
    mirrored = _mirrored(keypoints.names)
    splits = {
        split: _split([_views(people[image], image, split, mirrored) for image in by_split[split]])
        for split in SPLITS
    }
    dataset = computed_dataset(request.name, "image", splits, values=values_of(keypoints))
    missing = len(digests) - len(people)
    incomplete = f"{missing:,} of {len(digests):,} photos do not have every point visible and are "
    views = f"Each of the {len(by_split['train']):,} training photos is in it {VIEWS} times: turned"
    return replace(
        dataset,
        skipped=tuple(skipped),
        notes=(
            *keypoints.notes,
            *([f"{incomplete}left out."] if missing else []),
            f"{views}, shifted, scaled{', mirrored' if mirrored is not None else ''}.",
        ),
    )


class _Person(NamedTuple):
    """A person with surroundings.

    Args:
        picture: uint8 (256, 256, 3), with the square in the middle.
        points: (x, y) of each point in pixels of the picture, (names, 2).
    """

    picture: np.ndarray
    points: np.ndarray


def _person(photo: np.ndarray, points: np.ndarray) -> _Person:
    smallest, largest = points.min(axis=0), points.max(axis=0)
    # Never 0, not even for a single point.
    side = MARGIN * max(1.0, float((largest - smallest).max()))
    corner = (smallest + largest) / 2 - _WIDER * side / 2
    size = _WIDER * _FINER * SIZE
    picture = cut_square(photo, corner[0], corner[1], _WIDER * side, size)
    return _Person(picture, (points - corner) / (_WIDER * side) * size)


def _views(
    person: _Person, image: str, split: str, mirrored: Sequence[int] | None
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the views of a person in a split: pictures, and coordinates of the points."""
    plain = _view(person, 1.0, np.zeros(2), 0.0)
    if split != "train":
        return [plain]
    seed = int.from_bytes(hashlib.sha256(image.encode()).digest()[:8], "little")
    random = np.random.default_rng(seed)
    views = [plain]
    for _ in range(VIEWS - 1):
        scale = random.uniform(1, _LARGEST_SIDE)
        shift = random.uniform(-_SHIFT, _SHIFT, 2)
        angle = np.deg2rad(random.uniform(-_ANGLE, _ANGLE))
        picture, points = _view(person, scale, shift, angle)
        if random.uniform() < 0.5 and mirrored is not None:
            picture = picture[:, ::-1]
            points = np.stack([1 - points[mirrored, 0], points[mirrored, 1]], axis=1)
        views.append((picture, points))
    return views


def _view(
    person: _Person, scale: float, shift: np.ndarray, angle: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return a view, uint8 (64, 64, 3), and the points in shares of its side, (names, 2)."""
    from PIL import Image

    size = _FINER * SIZE
    turned = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    centre = person.picture.shape[0] / 2 + shift * size
    # A place p in the view is `turned @ p + start` in the person's picture.
    start = centre - turned @ np.full(2, size / 2)
    (a, b), (d, e) = turned
    coefficients = (a, b, start[0], d, e, start[1])
    fine = Image.fromarray(person.picture).transform(
        (size, size), Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR
    )
    points = np.linalg.solve(turned, (person.points - start).T).T / size
    return np.asarray(fine.reduce(_FINER)), points


def _mirrored(names: Sequence[str]) -> list[int] | None:
    """Return which point each becomes in a mirrored picture; None if no name tells the sides."""
    exchanged = [
        name.replace(_LEFT, _RIGHT, 1)
        if name.startswith(_LEFT)
        else name.replace(_RIGHT, _LEFT, 1)
        if name.startswith(_RIGHT)
        else name
        for name in names
    ]
    if exchanged == list(names) or set(exchanged) != set(names):
        return None
    return [names.index(name) for name in exchanged]


def _split(views: Sequence[Sequence[tuple[np.ndarray, np.ndarray]]]) -> Split:
    pictures, points = zip(*(view for of_photo in views for view in of_photo), strict=True)
    y = np.stack([of_view.reshape(-1) for of_view in points])
    return Split(np.stack(pictures), y.astype(np.float32))

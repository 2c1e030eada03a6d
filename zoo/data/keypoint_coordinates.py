"""A data set of whole photos and the coordinates of named points in them, for regressors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from zoo import edge
from zoo.data.dataset import SPLITS, Dataset, Split, example_digest, fingerprint
from zoo.data.keypoints import (
    Keypoints,
    Point,
    is_inside,
    read_keypoints,
    repeated_name,
    split_photos,
)
from zoo.data.photos import Photos
from zoo.data.splits import canonical_order
from zoo.errors import ZooError
from zoo.registry.tasks import Value
from zoo.utils.text import printable


def keypoint_coordinates(folder: str | Path) -> Dataset:
    """Return a data set whose values are the points' coordinates: NAME_x, NAME_y for every name.

    x are whole photos, y float32 (n, 2 · names): shares of the photo's width and height, 0…1.
    Photos with every point visible and inside are taken, the others are counted in a note. The
    splits are those of the patches of the same folder, for the photos that are in both.

    Args:
        folder: as `read_keypoints` takes it.

    Raises:
        ZooError: as `read_keypoints`; if a photo has two points of one name, or fewer than three
            photos have all points.
    """
    keypoints = read_keypoints(folder)
    photos: dict[str, bytes] = {}
    digests: dict[str, bytes] = {}
    targets: dict[str, np.ndarray] = {}
    skipped = []
    for image in keypoints.points:
        try:
            content = keypoints.photo(image).read_bytes()
            pixels = edge.decode(content)
        except (OSError, edge.InputError):
            skipped.append(printable(image))
            continue
        digests[image] = example_digest(pixels)
        points = complete_points(keypoints, image, pixels.shape[:2])
        if points is not None:
            photos[image], targets[image] = content, _target(points, pixels.shape[:2])
    split_of = split_photos(digests)
    images = sorted(photos)
    ordered = [images[at] for at in canonical_order(images)]
    by_split = {split: [image for image in ordered if split_of[image] == split] for split in SPLITS}
    require_every_split(keypoints, by_split)
    values = values_of(keypoints)
    y = {split: np.stack([targets[image] for image in by_split[split]]) for split in SPLITS}
    splits = {
        split: Split(_photos([photos[image] for image in by_split[split]]), y[split])
        for split in SPLITS
    }
    missing = len(digests) - len(photos)
    incomplete = f"{missing:,} of {len(digests):,} photos do not have every point visible and are "
    return Dataset(
        name=f"keypoints:{printable(keypoints.folder.resolve().name)}",
        kind="image",
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
        labels=(),
        values=values,
        fingerprint=fingerprint(
            [f"{value.name}\t{value.unit}" for value in values],
            {split: [digests[image] for image in by_split[split]] for split in SPLITS},
            y,
        ),
        skipped=tuple(skipped),
        notes=(*keypoints.notes, *([f"{incomplete}left out."] if missing else [])),
    )


def values_of(keypoints: Keypoints) -> tuple[Value, ...]:
    """Return NAME_x and NAME_y for every name of the points."""
    return tuple(Value(f"{name}_{axis}") for name in keypoints.names for axis in "xy")


def complete_points(keypoints: Keypoints, image: str, size: tuple[int, int]) -> list[Point] | None:
    """Return the point of each name, in the order of the names; None unless all are visible.

    Args:
        keypoints: of the folder.
        image: the photo.
        size: its height and width; a point outside is not visible.

    Raises:
        ZooError: if the photo has two points of one name.
    """
    points = keypoints.points[image]
    if repeated := repeated_name(points):
        raise ZooError(
            f"{printable(keypoints.table)}, line {repeated.line}: {printable(image)} has a second "
            f"point named {repeated.name}; give one of each name to predict coordinates."
        )
    of_name = {point.name: point for point in points if point.visible and is_inside(point, size)}
    if len(of_name) < len(keypoints.names):
        return None
    return [of_name[name] for name in keypoints.names]


def require_every_split(keypoints: Keypoints, by_split: Mapping[str, Sequence[str]]) -> None:
    """Check that there are photos in every split.

    Args:
        keypoints: of the folder.
        by_split: the photos with all points, by split.

    Raises:
        ZooError: for the first split without photos.
    """
    for split, of_split in by_split.items():
        if not of_split:
            raise ZooError(
                f"No photo of the split {split} has all {len(keypoints.names)} points of "
                f"{printable(keypoints.table)} visible; give more photos that do."
            )


def _target(points: Sequence[Point], size: tuple[int, int]) -> np.ndarray:
    """Return the coordinates of all points of a photo, as shares of its width and height."""
    height, width = size
    shares = [share for point in points for share in (point.x / width, point.y / height)]
    return np.array(shares, np.float32)


def _photos(contents: list[bytes]) -> Photos:
    ends = np.cumsum([0, *map(len, contents)])
    encoded = np.frombuffer(b"".join(contents), np.uint8)
    return Photos(encoded, ends[:-1], ends[1:])

"""A data set of whole photos and the coordinates of named points in them, for regressors."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from zoo import edge
from zoo.data.dataset import SPLITS, Dataset, Split, example_digest, fingerprint
from zoo.data.keypoints import Keypoints, is_inside, read_keypoints, repeated_name, split_photos
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
        target = _target(keypoints, image, pixels.shape[:2])
        if target is not None:
            photos[image], targets[image] = content, target
    split_of = split_photos(digests)
    images = sorted(photos)
    ordered = [images[at] for at in canonical_order(images)]
    by_split = {split: [image for image in ordered if split_of[image] == split] for split in SPLITS}
    for split, of_split in by_split.items():
        if not of_split:
            raise ZooError(
                f"No photo of the split {split} has all {len(keypoints.names)} points of "
                f"{printable(keypoints.table)} visible; give more photos that do."
            )
    y = {split: np.stack([targets[image] for image in by_split[split]]) for split in SPLITS}
    splits = {
        split: Split(_photos([photos[image] for image in by_split[split]]), y[split])
        for split in SPLITS
    }
    values = [Value(f"{name}_{axis}", "") for name in keypoints.names for axis in "xy"]
    missing = len(digests) - len(photos)
    incomplete = f"{missing:,} of {len(digests):,} photos do not have every point visible and are "
    return Dataset(
        name=f"keypoints:{printable(keypoints.folder.resolve().name)}",
        kind="image",
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
        labels=(),
        values=tuple(values),
        fingerprint=fingerprint(
            [f"{value.name}\t{value.unit}" for value in values],
            {split: [digests[image] for image in by_split[split]] for split in SPLITS},
            y,
        ),
        skipped=tuple(skipped),
        notes=(*keypoints.notes, *([f"{incomplete}left out."] if missing else [])),
    )


def _target(keypoints: Keypoints, image: str, size: tuple[int, int]) -> np.ndarray | None:
    """Return the coordinates of all points of a photo, or None if one is not visible."""
    points = keypoints.points[image]
    if repeated := repeated_name(points):
        raise ZooError(
            f"{printable(keypoints.table)}, line {repeated.line}: {printable(image)} has a second "
            f"point named {repeated.name}; give one of each name to predict coordinates."
        )
    of_name = {point.name: point for point in points if point.visible and is_inside(point, size)}
    if len(of_name) < len(keypoints.names):
        return None
    height, width = size
    shares = [
        share
        for name in keypoints.names
        for share in (of_name[name].x / width, of_name[name].y / height)
    ]
    return np.array(shares, np.float32)


def _photos(contents: list[bytes]) -> Photos:
    ends = np.cumsum([0, *map(len, contents)])
    encoded = np.frombuffer(b"".join(contents), np.uint8)
    return Photos(encoded, ends[:-1], ends[1:])

"""The data sets `figures` and `figure_joints`: people drawn from a seed.

Every person has a background of their own, so that both are in one split only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from zoo.data import cache, store
from zoo.data.dataset import SPLITS, Dataset, example_digest, fingerprint
from zoo.data.figure_drawing import Figure, draw_figure
from zoo.data.joint_labels import BACKGROUND, background_places, joint_labels, joint_of
from zoo.data.keypoint_patches import cut_patch, patch_side
from zoo.data.photo_set import cached_dataset
from zoo.data.random_numbers import RandomNumbers
from zoo.data.writing import Progress
from zoo.registry.tasks import Value
from zoo.registry.tasks.pictures import JOINTS, POSE

COUNTS = {"train": 2_000, "validation": 250, "test": 500}
LABELS = joint_labels(JOINTS)
VALUES = tuple(map(Value, POSE))
# Height and width of the pictures of `figure_joints`.
PICTURE_SIZE = 96
# Of the pictures that patches are cut from: a patch is about as large in them as it will be.
_LARGE = 128
_SEED = 1973
# Streams of random numbers: of people, and of where patches without joints are.
_PEOPLE, _PLACES = 0, 1
# Increase this when the drawings change: they are cached.
_RULE = 1

Examples = tuple[list[np.ndarray], list[np.ndarray]]


def figure(split: str, index: int, size: int, seed: int = _SEED) -> Figure:
    """Draw one person, a function of seed, split and index.

    Args:
        split: "train", "validation" or "test".
        index: from 0 up.
        size: height and width of the picture; it does not change the person.
        seed: from 0 up.

    >>> drawn = figure("train", 0, 64)
    >>> drawn.pixels.shape
    (64, 64, 3)
    """
    return draw_figure(RandomNumbers(seed, _PEOPLE, SPLITS.index(split), index), size)


def figures(progress: Progress | None = None) -> Dataset:
    """Return patches of drawn people, 32 × 32, labelled by the joint in their centre.

    The patches are cut as `keypoints:` does it, around each visible joint, with up to four of each
    picture that have no joint near their centre, which are background.

    Args:
        progress: called with (done, total) while people are drawn.
    """
    return drawn_people("figures", _patches, LABELS, progress)


def figure_joints(progress: Progress | None = None) -> Dataset:
    """Return pictures of drawn people, 96 × 96, with the coordinates of their 14 joints as values.

    The values are shares of the width and height, 0…1, as `zoo.data.keypoint_coordinates` gives
    them; joints that are hidden have coordinates too.

    Args:
        progress: called with (done, total) while people are drawn.
    """
    return drawn_people("figure_joints", _coordinates, (), progress)


def drawn_people(
    name: str,
    examples_of: Callable[[str, int], Examples],
    labels: Sequence[str],
    progress: Progress | None,
    counts: Mapping[str, int] = COUNTS,
) -> Dataset:
    """Return a data set of the people, drawn now or taken from the cache.

    Args:
        name: of the data set.
        examples_of: from a split and an index to the examples of this person: images of one size,
            and their targets.
        labels: of the targets; () for the coordinates `VALUES`.
        progress: called with (done, total) while people are drawn.
        counts: how many people there are in each split.
    """
    return cached_dataset(
        name,
        cache.entry_key(f"{name} {_RULE} {dict(counts)}"),
        lambda folder: _build(folder, examples_of, labels, progress, counts),
        name,
        notes=(),
        values=() if labels else VALUES,
    )


def _patches(split: str, index: int) -> Examples:
    drawn = figure(split, index, _LARGE)
    size = drawn.pixels.shape[:2]
    visible = [name for name in JOINTS if drawn.visible[name]]
    side = patch_side([drawn.joints[name] for name in visible], size)
    random = RandomNumbers(_SEED, _PLACES, SPLITS.index(split), index)
    free = background_places(random, size, list(drawn.joints.values()), side)
    labelled = [(joint_of(name), drawn.joints[name]) for name in visible]
    labelled += [(BACKGROUND, place) for place in free]
    x = [cut_patch(drawn.pixels, place, side) for _, place in labelled]
    return x, [np.int64(LABELS.index(label)) for label, _ in labelled]


def _coordinates(split: str, index: int) -> Examples:
    drawn = figure(split, index, PICTURE_SIZE)
    places = np.array([drawn.joints[name] for name in JOINTS]) / PICTURE_SIZE
    return [drawn.pixels], [places.ravel().astype(np.float32)]


def _build(
    folder: Path,
    examples_of: Callable[[str, int], Examples],
    labels: Sequence[str],
    progress: Progress | None,
    counts: Mapping[str, int],
) -> cache.Built:
    """Draw all people and write the images, in the order of the splits."""
    total, done = sum(counts.values()), 0
    x: dict[str, list[np.ndarray]] = {split: [] for split in SPLITS}
    y: dict[str, list[np.ndarray]] = {split: [] for split in SPLITS}
    for split in SPLITS:
        for index in range(counts[split]):
            images, targets = examples_of(split, index)
            x[split] += images
            y[split] += targets
            done += 1
            if progress:
                progress(done, total)
    shape = x["train"][0].shape
    cache.require_space(folder, x["train"][0].nbytes * sum(map(len, x.values())), "The drawings")
    pixels = store.PixelFile(folder, shape, sum(map(len, x.values())))
    position = 0
    try:
        for split in SPLITS:
            pixels.write(position, np.stack(x[split]))
            position += len(x[split])
    finally:
        pixels.close()
    targets_of = {split: np.stack(y[split]) for split in SPLITS}
    digests = {split: [example_digest(image) for image in x[split]] for split in SPLITS}
    lines = list(labels) or [f"{value.name}\t{value.unit}" for value in VALUES]
    store.finish(
        folder, fingerprint(lines, digests, targets_of), tuple(labels), targets_of, shape=shape
    )
    return cache.Built((), ())

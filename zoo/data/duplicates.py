"""Photos that a data set holds more than once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from zoo.data.decoding import Decoded
from zoo.data.splits import share
from zoo.utils.text import printable


def groups_of_equal(photos: Iterable[Decoded]) -> list[list[Decoded]]:
    """Return the photos in groups of the same pixels, each in the order of `share`."""
    groups: dict[bytes, list[Decoded]] = {}
    for photo in sorted(photos, key=lambda photo: (share(photo.name), photo.name)):
        groups.setdefault(photo.digest, []).append(photo)
    return list(groups.values())


def told_of_equal(photos: Iterable[Decoded], split_of: Mapping[str, str]) -> str | None:
    """Return one sentence on the photos that are there more than once, None if there are none.

    Args:
        photos: all that could be decoded.
        split_of: name → split.
    """
    groups = [group for group in groups_of_equal(photos) if len(group) > 1]
    if not groups:
        return None
    across = [group for group in groups if len({split_of[photo.name] for photo in group}) > 1]
    labels = [group for group in groups if len({photo.label for photo in group}) > 1]
    # The worst fault is shown: a photo that is both learned from and tested on.
    example = (across or labels or groups)[0]
    pair = sorted(example, key=lambda photo: (split_of[photo.name], photo.label))
    first, second = (printable(pair[at].name) for at in (0, -1))
    times = "photo is" if len(groups) == 1 else "photos are"
    return (
        f"{len(groups):,} {times} there more than once, {len(across):,} in more than one split, "
        f"{len(labels):,} under more than one label, such as {first} and {second}."
    )

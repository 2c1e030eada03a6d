"""Duplicate photos in a data set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from zoo.data.decoding import Decoded
from zoo.data.splits import hash_fraction
from zoo.utils.text import printable


def group_duplicates(photos: Iterable[Decoded]) -> list[list[Decoded]]:
    """Return the photos in groups of equal pixels, each ordered by `hash_fraction`."""
    groups: dict[bytes | None, list[Decoded]] = {}
    for photo in sorted(photos, key=lambda photo: (hash_fraction(photo.name), photo.name)):
        groups.setdefault(photo.digest, []).append(photo)
    return list(groups.values())


def duplicates_note(photos: Iterable[Decoded], split_of: Mapping[str, str]) -> str | None:
    """Return one sentence about duplicate photos, or None if there are none.

    Args:
        photos: all photos that could be decoded.
        split_of: name → split.
    """
    groups = [group for group in group_duplicates(photos) if len(group) > 1]
    if not groups:
        return None
    across = [group for group in groups if len({split_of[photo.name] for photo in group}) > 1]
    labels = [group for group in groups if len({photo.label for photo in group}) > 1]
    # The example shows the worst problem: the same photo in training and test data.
    example = (across or labels or groups)[0]
    pair = sorted(example, key=lambda photo: (split_of[photo.name], photo.label))
    first, second = (printable(pair[at].name) for at in (0, -1))
    subject = "photo has" if len(groups) == 1 else "photos have"
    return (
        f"{len(groups):,} {subject} duplicates, {len(across):,} in more than one split, "
        f"{len(labels):,} under more than one label, such as {first} and {second}."
    )

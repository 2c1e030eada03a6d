"""Assigns examples to splits: a fixed function of their names, not of the order of reading."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence


def hash_fraction(identity: str) -> float:
    """Return the hash of a name as a number in [0, 1), uniformly distributed over names.

    File names that are not UTF-8 (with surrogate escapes) are accepted.

    >>> 0 <= hash_fraction("cat/1.jpg") < 1
    True
    """
    encoded = identity.encode(errors="surrogateescape")
    return int.from_bytes(hashlib.sha256(encoded).digest()[:6], "big") / 2**48


def split_by_name(identity: str, validation: float, test: float) -> str:
    """Return the split of an example, given the fractions of validation and test.

    >>> split_by_name("cat/1.jpg", validation=0.0, test=0.0)
    'train'
    """
    fraction = hash_fraction(identity)
    if fraction < test:
        return "test"
    return "validation" if fraction < test + validation else "train"


def split_by_fractions(
    groups: Sequence[Sequence[str]], fractions: Mapping[str, float]
) -> dict[str, str]:
    """Return the split of every name of one class, each split as large as its fraction.

    Groups are ordered by the smallest `hash_fraction` of their names. The first groups go to the
    first split of `fractions` until it has its fraction of all names, rounded, but at least one
    group; the following groups to the next split; the rest to "train". So the result depends on
    the names only.

    Args:
        groups: names that must stay together; more groups than `fractions` has splits.
        fractions: split → fraction of the names, without "train".

    >>> split_by_fractions([["a"], ["b"], ["c"], ["d"]], {"test": 0.25})
    {'d': 'test', 'c': 'train', 'b': 'train', 'a': 'train'}
    """
    remaining = sorted(groups, key=lambda group: min((hash_fraction(name), name) for name in group))
    total = sum(len(group) for group in groups)
    split_of: dict[str, str] = {}
    splits = list(fractions)
    for index, split in enumerate(splits):
        wanted = max(1, round(fractions[split] * total))
        # Every later split, and train, needs at least one group.
        needed = len(splits) - index
        taken = 0
        while taken < wanted and len(remaining) > needed:
            group = remaining.pop(0)
            taken += len(group)
            split_of.update(dict.fromkeys(group, split))
    for group in remaining:
        split_of.update(dict.fromkeys(group, "train"))
    return split_of


def canonical_order(names: Sequence[str]) -> list[int]:
    """Return the indices that sort names into an order independent of the order of reading.

    Names are sorted by hash, which shuffles the classes.
    """
    return sorted(range(len(names)), key=lambda index: (hash_fraction(names[index]), names[index]))

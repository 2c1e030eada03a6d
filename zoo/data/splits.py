"""Which split an example belongs to: a fixed function of its name, never of read order."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from zoo.data.dataset import SPLITS


def share(identity: str) -> float:
    """Return the number in 0…1, without 1, that a name stands for; names spread evenly.

    >>> 0 <= share("cat/1.jpg") < 1
    True
    """
    return int.from_bytes(hashlib.sha256(identity.encode()).digest()[:6], "big") / 2**48


def split_by_name(identity: str, validation: float, test: float) -> str:
    """Return the split of an example, given the shares of validation and test.

    >>> split_by_name("cat/1.jpg", validation=0.0, test=0.0)
    'train'
    """
    at = share(identity)
    if at < test:
        return "test"
    return "validation" if at < test + validation else "train"


def fill_empty_splits(split_of: Mapping[str, str], class_of: Mapping[str, int]) -> dict[str, str]:
    """Return the splits with at least one example of every class in each of them.

    Where a class is missing from a split, the example of it that moves there is the one with the
    smallest `share` in the split that holds most of the class; so the result still depends on
    the set of names alone. Every class needs at least 3 examples.

    Args:
        split_of: name → split.
        class_of: name → index of the label.
    """
    moved = dict(split_of)
    for label in sorted(set(class_of.values())):
        names = sorted((name for name in moved if class_of[name] == label), key=share)
        for wanted in SPLITS:
            held = _held(names, moved)
            if not held[wanted]:
                fullest = max(SPLITS, key=lambda split: len(held[split]))
                moved[held[fullest][0]] = wanted
    return moved


def canonical_order(names: Sequence[str]) -> list[int]:
    """Return the indices that put names in their one order, which no read order changes.

    It is a shuffled order (by hash), so that no run of one class starts a split.
    """
    return sorted(range(len(names)), key=lambda index: (share(names[index]), names[index]))


def _held(names: Sequence[str], split_of: Mapping[str, str]) -> dict[str, list[str]]:
    return {split: [name for name in names if split_of[name] == split] for split in SPLITS}

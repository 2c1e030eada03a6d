"""Which split an example belongs to: a fixed function of the names, never of read order."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence


def share(identity: str) -> float:
    """Return the number in 0…1, without 1, that a name stands for; names spread evenly.

    A name of a file that is not UTF-8, as Python spells it, has one too.

    >>> 0 <= share("cat/1.jpg") < 1
    True
    """
    encoded = identity.encode(errors="surrogateescape")
    return int.from_bytes(hashlib.sha256(encoded).digest()[:6], "big") / 2**48


def split_by_name(identity: str, validation: float, test: float) -> str:
    """Return the split of an example, given the shares of validation and test.

    >>> split_by_name("cat/1.jpg", validation=0.0, test=0.0)
    'train'
    """
    at = share(identity)
    if at < test:
        return "test"
    return "validation" if at < test + validation else "train"


def split_in_shares(groups: Sequence[Sequence[str]], shares: Mapping[str, float]) -> dict[str, str]:
    """Return the split of every name of one class, each split as large as its share.

    Groups are ordered by the smallest `share` of their names. The first ones go to the first
    split of `shares` until it has its share of all names, rounded, but at least one group; then
    to the next; the rest goes to "train". So the result depends on the names alone.

    Args:
        groups: names that must stay together, more groups than `shares` has splits.
        shares: split → share of the names, without "train".

    >>> split_in_shares([["a"], ["b"], ["c"], ["d"]], {"test": 0.25})
    {'d': 'test', 'c': 'train', 'b': 'train', 'a': 'train'}
    """
    waiting = sorted(groups, key=lambda group: min((share(name), name) for name in group))
    total = sum(len(group) for group in groups)
    split_of: dict[str, str] = {}
    splits = list(shares)
    for place, split in enumerate(splits):
        wanted = max(1, round(shares[split] * total))
        # Every split after this one, and train, needs a group of its own.
        needed = len(splits) - place
        taken = 0
        while taken < wanted and len(waiting) > needed:
            group = waiting.pop(0)
            taken += len(group)
            split_of.update(dict.fromkeys(group, split))
    for group in waiting:
        split_of.update(dict.fromkeys(group, "train"))
    return split_of


def canonical_order(names: Sequence[str]) -> list[int]:
    """Return the indices that put names in their one order, which no read order changes.

    It is a shuffled order (by hash), so that no run of one class starts a split.
    """
    return sorted(range(len(names)), key=lambda index: (share(names[index]), names[index]))

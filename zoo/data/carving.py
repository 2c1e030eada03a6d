"""Assigns rows and images of arrays to splits, by their content."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from zoo.data.dataset import SPLITS

_CHUNK = 4096
# The constants of the mixing function of splitmix64 (Steele, Lea & Flood, OOPSLA 2014).
_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def row_hashes(x: np.ndarray) -> np.ndarray:
    """Return a hash of each row, uint64 (n,); rows of equal numbers have equal hashes.

    It depends on nothing but the row, so that it is the same on every machine, and in every order
    of the rows.

    Args:
        x: float32 (n, inputs).

    >>> hashes = row_hashes(np.array([[0, 1], [1, 0], [-0.0, 1]], np.float32))
    >>> bool(hashes[0] == hashes[2] != hashes[1])
    True
    """
    hashes = np.full(len(x), x.shape[1], np.uint64)
    for at in range(0, len(x), _CHUNK):
        part = hashes[at : at + _CHUNK]
        # Adding 0 makes −0 the same as 0.
        columns = (x[at : at + _CHUNK].T + np.float32(0)).astype("<f4").view("<u4")
        for column in columns:
            part ^= column
            _mix(part)
    return hashes


def _mix(hashes: np.ndarray) -> None:
    hashes += _STEP
    for shift, factor in zip((np.uint64(30), np.uint64(27)), _MIX, strict=True):
        hashes ^= hashes >> shift
        hashes *= factor
    hashes ^= hashes >> np.uint64(31)


def carve(hashes: np.ndarray, classes: np.ndarray, fractions: Mapping[str, float]) -> np.ndarray:
    """Return the split of every example, an index into `SPLITS`, int8 (n,).

    Of every class, the examples with the smallest hashes go to the first split of `fractions`,
    until it has its fraction of them, rounded; the following ones to the next split; the rest to
    train. Examples of equal hashes stay together, and count for the first of their classes. Every
    split gets at least one of them, if there are enough.

    Args:
        hashes: uint64 (n,), equal for equal examples.
        classes: int64 (n,), 0 or more; all 0 for values.
        fractions: split → fraction, without "train".
    """
    class_of, group_of = _groups(hashes, classes)
    sizes = np.bincount(group_of)
    split_of = np.full(len(class_of), SPLITS.index("train"), np.int8)
    # The groups of one class one after another, each class by hash.
    by_class = np.argsort(class_of, kind="stable")
    ends = np.cumsum(np.bincount(class_of))
    for begin, end in zip(np.concatenate([[0], ends[:-1]]), ends, strict=True):
        groups = by_class[begin:end]
        total = sizes[groups].sum()
        for index, (split, fraction) in enumerate(fractions.items()):
            wanted = max(1, round(fraction * total))
            taken = 1 + int(np.searchsorted(np.cumsum(sizes[groups]), wanted))
            # Every later split, and train, needs at least one group.
            taken = max(0, min(taken, len(groups) - (len(fractions) - index)))
            split_of[groups[:taken]] = SPLITS.index(split)
            groups = groups[taken:]
    return split_of[group_of]


def class_counts(hashes: np.ndarray, classes: np.ndarray, labels: int) -> np.ndarray:
    """Return the number of different examples that `carve` counts for each class."""
    return np.bincount(_groups(hashes, classes)[0], minlength=labels)


def _groups(hashes: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first class of each group of equal hashes, and the group of each example.

    Groups are ordered by their hashes.
    """
    order = np.argsort(hashes, kind="stable")
    begins = np.concatenate([[True], np.diff(hashes[order]) != 0])
    group_of = np.empty(len(hashes), np.int64)
    group_of[order] = np.cumsum(begins) - 1
    return np.minimum.reduceat(classes[order], np.flatnonzero(begins)), group_of


def repeats_note(hashes: Mapping[str, np.ndarray], what: str) -> str | None:
    """Return one sentence about examples that occur more than once, or None if none does.

    Args:
        hashes: split → hashes of its examples.
        what: "rows" or "images".
    """
    total = sum(map(len, hashes.values()))
    different = _different(np.concatenate(list(hashes.values())))
    if different == total:
        return None
    shared = sum(map(_different, hashes.values())) - different
    where = f"{shared:,} are in two splits" if shared else "equal ones are in the same split"
    return f"{total - different:,} of {total:,} {what} repeat another one; {where}."


def _different(hashes: np.ndarray) -> int:
    # numpy's unique is several times slower for many different numbers.
    return int(np.count_nonzero(np.diff(np.sort(hashes)))) + 1

"""Sentences about a loaded data set, such as how many examples of each class it has."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zoo.data.dataset import SPLITS, Dataset

# Up to this many classes are listed one by one.
_MOST_LISTED = 16
_MOST_SKIPPED = 5
# A class with this many times fewer examples than another is pointed out.
RARE = 10


def sentences(dataset: Dataset) -> tuple[str, ...]:
    """Return its size, fingerprint, notes, training examples per class, and unreadable photos."""
    sizes = " / ".join(f"{len(getattr(dataset, split)):,}" for split in SPLITS)
    size = (
        f"Data set {dataset.name}: {sizes} training / validation / test examples, "
        f"fingerprint {dataset.fingerprint}."
    )
    return (size, *dataset.notes, *count_notes(dataset), *_skipped(dataset.skipped))


def class_counts(dataset: Dataset) -> dict[str, np.ndarray]:
    """Return split → number of examples of each label, int64 (labels,).

    >>> from zoo import data
    >>> class_counts(data.load("xor"))["train"].tolist()
    [2, 2]
    """
    return {
        split: np.bincount(getattr(dataset, split).y, minlength=len(dataset.labels))
        for split in SPLITS
    }


def count_notes(dataset: Dataset) -> tuple[str, ...]:
    """Return sentences on the training examples per class, or on values that look like classes.

    >>> from zoo import data
    >>> count_notes(data.load("xor"))
    ('Training examples per class: 0: 2, 1: 2.',)
    """
    if not dataset.labels:
        return _whole_values_notes(dataset)
    counts = class_counts(dataset)["train"]
    return (_per_class(dataset.labels, counts), *_imbalance_notes(dataset.labels, counts))


def _whole_values_notes(dataset: Dataset) -> tuple[str, ...]:
    # Of a column of a table, this is said when it is read.
    if dataset.target is not None:
        return ()
    found = np.unique(dataset.train.y)
    if len(dataset.values) > 1 or len(found) > _MOST_LISTED or (found % 1).any():
        return ()
    return (
        f"The targets are {len(found)} different whole numbers, which are values to predict; for "
        "classes, give them as integers or as names.",
    )


def _per_class(labels: tuple[str, ...], counts: np.ndarray) -> str:
    if len(labels) <= _MOST_LISTED:
        listed = (f"{label}: {count:,}" for label, count in zip(labels, counts, strict=True))
        return f"Training examples per class: {', '.join(listed)}."
    least, most = int(counts.argmin()), int(counts.argmax())
    return (
        f"Training examples per class: {len(labels):,} classes of {counts[least]:,} "
        f"({labels[least]}) to {counts[most]:,} ({labels[most]})."
    )


def _imbalance_notes(labels: tuple[str, ...], counts: np.ndarray) -> tuple[str, ...]:
    notes = []
    most = int(counts.argmax())
    empty = np.flatnonzero(counts == 0).tolist()
    rare = np.flatnonzero((counts > 0) & (counts * RARE <= counts[most]))
    if empty:
        notes.append(
            f"{_subject(labels, empty)} no training examples, so that a model cannot learn to "
            "predict it."
        )
    if rare.size:
        least = rare[counts[rare].argmin()]
        notes.append(
            f"{_subject(labels, [least, *rare[rare != least]])} at most a tenth of the training "
            f"examples of {labels[most]} ({counts[least]:,} and {counts[most]:,}); "
            "--class-weight balanced gives every class the same weight in the loss."
        )
    return tuple(notes)


def _subject(labels: tuple[str, ...], which: Sequence[int]) -> str:
    first = labels[which[0]]
    if len(which) == 1:
        return f"The class {first} has"
    return f"{len(which):,} classes, such as {first}, have"


def _skipped(photos: tuple[str, ...]) -> tuple[str, ...]:
    if not photos:
        return ()
    shown = ", ".join(photos[:_MOST_SKIPPED])
    more = len(photos) - _MOST_SKIPPED
    return (
        f"Skipped {len(photos):,} unreadable photo{'s' * (len(photos) > 1)}: {shown}"
        f"{f' and {more:,} more' if more > 0 else ''}.",
    )

"""What is said of a data set when it is loaded."""

import dataclasses

import numpy as np
import pytest

from zoo import data
from zoo.data.dataset import Split
from zoo.data.summary import class_counts, count_notes, sentences


def of_counts(counts, labels):
    """Return blobs with so many training examples of each label."""
    y = np.repeat(np.arange(len(labels)), counts).astype(np.int64)
    train = Split(np.zeros((len(y), 2), np.float32), y)
    return dataclasses.replace(data.load("blobs"), labels=tuple(labels), train=train)


def test_examples_are_counted_per_class_and_split():
    blobs = data.load("blobs")
    counts = class_counts(blobs)
    for split in ("train", "validation", "test"):
        y = getattr(blobs, split).y
        assert counts[split].tolist() == [np.sum(y == 0), np.sum(y == 1)]
    assert sentences(blobs) == (
        f"Data set blobs: 400 / 100 / 500 training / validation / test examples, fingerprint "
        f"{blobs.fingerprint}.",
        "Training examples per class: blue: 200, orange: 200.",
    )


@pytest.mark.parametrize(
    ("counts", "notes"),
    [
        ([30, 4], []),
        (
            [30, 3],
            ["The class b has at most a tenth of the training examples of a (3 and 30); "],
        ),
        (
            [30, 3, 2, 29],
            ["2 classes, such as c, have at most a tenth of the training examples of a (2 and 30)"],
        ),
        (
            [0, 50, 1],
            [
                "The class a has no training examples",
                "The class c has at most a tenth of the training examples of b (1 and 50)",
            ],
        ),
    ],
)
def test_a_class_ten_times_rarer_is_pointed_out(counts, notes):
    _, *found = count_notes(of_counts(counts, "abcd"[: len(counts)]))
    assert len(found) == len(notes)
    for note, start in zip(found, notes, strict=True):
        assert note.startswith(start)
        assert ("--class-weight balanced" in note) == ("tenth" in note)


def test_many_classes_are_summarised():
    counts = np.arange(20, 40)
    (note,) = count_notes(of_counts(counts, [f"Größe {at}" for at in range(20)]))
    assert note == "Training examples per class: 20 classes of 20 (Größe 0) to 39 (Größe 19)."


def test_unreadable_photos_are_named_and_values_are_not_counted():
    loaded = dataclasses.replace(data.load("or"), skipped=tuple(f"{at}.jpg" for at in range(7)))
    assert sentences(loaded)[-1] == (
        "Skipped 7 unreadable photos: 0.jpg, 1.jpg, 2.jpg, 3.jpg, 4.jpg and 2 more."
    )


def test_values_that_look_like_classes_are_pointed_out():
    x = np.arange(180, dtype=np.float32).reshape(90, 2)
    for y, pointed_out in (
        (np.arange(90) % 3 + 0.0, True),
        (np.arange(90) % 3 + 0.5, False),
        (np.arange(90) + 0.0, False),
        (np.arange(90) % 3, False),
    ):
        notes = count_notes(data.from_arrays(x, y))
        assert any("which are values to predict" in note for note in notes) == pointed_out

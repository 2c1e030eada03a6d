"""A loaded data set: three splits, labels or values, and a fingerprint."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.errors import ZooError
from zoo.registry.tasks import Value
from zoo.utils.html import table
from zoo.utils.text import check_label, printable

if TYPE_CHECKING:
    from zoo.data.photos import Photos

SPLITS = ("train", "validation", "test")
_FINGERPRINT_DIGITS = 16
# Names in a notebook's table.
_MOST_SHOWN = 20


@dataclass(frozen=True, eq=False)
class Split:
    """Examples and their targets, in the same order.

    Args:
        x: numbers, float32 (n, inputs); or photos, uint8 0…255, as an array (n, h, w, 3) if all
            have the same size, else as `Photos`. Arrays of photos are read-only.
        y: class indices, int64 (n,); or numbers, (n,) or (n, …), one for each value.
    """

    x: np.ndarray | Photos
    y: np.ndarray

    def __len__(self) -> int:
        return len(self.y)

    def map_targets(self, function: Callable[[np.ndarray], np.ndarray]) -> Split:
        """Return the same examples with transformed targets, as a model's loss expects them.

        >>> Split(np.zeros((2, 1)), np.array([0, 1])).map_targets(lambda y: 2 * y - 1).y
        array([-1,  1])
        """
        return Split(self.x, function(self.y))


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set with a fixed split into training, validation and test examples.

    Args:
        name: its name, as given to `zoo.data.load`.
        kind: "vector" or "image".
        train: examples for training.
        validation: examples for choosing hyperparameters.
        test: examples for the final evaluation only.
        labels: class names by index; () if the targets are values.
        fingerprint: 16 hexadecimal digits, a hash of the decoded data: every x with its y and
            split. It does not depend on the machine or on the order in which photos were read.
        skipped: printable names of photos that could not be decoded and are in no split.
        notes: sentences about the data, for example about duplicate photos.
        values: names and units of the numbers in y; () if the targets are classes.
        inputs: names of the numbers in x, for instance of a table's columns; () if they have none.
        target: the column of a table that y was taken from, which `zoo.data.load` needs again.
        standardize: whether models should scale each number in x by its mean and variance over
            the training examples, and values likewise, since they are in units of their own.

    Raises:
        ZooError: unless there are either labels or values; for a name that is not one printable
            line of text or is not unique; for y of the wrong type or shape.
    """

    name: str
    kind: str
    train: Split
    validation: Split
    test: Split
    labels: tuple[str, ...]
    fingerprint: str
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    values: tuple[Value, ...] = ()
    inputs: tuple[str, ...] = ()
    target: str | None = None
    standardize: bool = False

    def __post_init__(self) -> None:
        where = f"The data set {printable(self.name)}"
        if bool(self.labels) == bool(self.values):
            raise ZooError(f"{where} needs either labels or values, and not both.")
        what = "class" if self.labels else "value"
        names = self.labels or tuple(value.name for value in self.values)
        for name in names:
            check_label(name, where, f"{what} name")
        for unit in filter(None, (value.unit for value in self.values)):
            check_label(unit, where, "unit")
        if len(set(names)) < len(names):
            plural = "classes" if self.labels else "values"
            raise ZooError(f"{where} has two {plural} of the same name; rename one.")
        for name in self.inputs:
            check_label(name, where, "input name")
        if len(set(self.inputs)) < len(self.inputs):
            raise ZooError(f"{where} has two inputs of the same name; rename one.")
        for split in SPLITS:
            problem = self._problem(getattr(self, split))
            if problem:
                raise ZooError(f"{where} cannot be used: y of its split {split} {problem}.")

    def _problem(self, split: Split) -> str | None:
        """Return what is wrong with a split's y, or None."""
        y = split.y
        if len(y) != len(split.x):
            return f"has {len(y)} targets for {len(split.x)} examples"
        if self.labels:
            if y.dtype != np.int64 or y.ndim != 1:
                return f"is {y.dtype} {y.shape}, and labels are int64 indices, (examples,)"
            if len(y) and not 0 <= y.min() <= y.max() < len(self.labels):
                return f"has indices {y.min()} to {y.max()} for {len(self.labels)} labels"
            return None
        if y.dtype.kind not in "iuf" or math.prod(y.shape[1:]) != len(self.values):
            return f"is {y.dtype} {y.shape}, which are not {len(self.values)} numbers per example"
        return None if np.isfinite(y).all() else "has numbers that are not finite"

    def _repr_html_(self) -> str:
        """Return its size, labels or values, notes and fingerprint as a table, for notebooks."""
        rows = {
            **{f"{split} examples": f"{len(getattr(self, split)):,}" for split in SPLITS},
            "labels" if self.labels else "values": ", ".join(self.target_names[:_MOST_SHOWN])
            + ", …" * (len(self.target_names) > _MOST_SHOWN),
            "inputs": ", ".join(self.inputs[:_MOST_SHOWN]) or self.kind,
            "fingerprint": self.fingerprint,
            **({"notes": " ".join(self.notes)} if self.notes else {}),
        }
        return table(self.name, rows)

    @property
    def target_names(self) -> tuple[str, ...]:
        """The labels, or the values with their units."""
        return target_names(self.identity())

    def identity(self) -> dict[str, Any]:
        """Return what run folders record: name, fingerprint, labels; values, inputs, target."""
        identity: dict[str, Any] = {
            "name": self.name,
            "fingerprint": self.fingerprint,
            "labels": list(self.labels),
        }
        if self.values:
            identity["values"] = [{"name": v.name, "unit": v.unit} for v in self.values]
        if self.inputs:
            identity["inputs"] = list(self.inputs)
        if self.target is not None:
            identity["target"] = self.target
        return identity


def with_inputs(dataset: Dataset, inputs: Sequence[str]) -> Dataset:
    """Return a data set with its inputs in this order; other inputs are left out.

    Args:
        dataset: rows of numbers with names.
        inputs: the names, in the order in which a model takes them.

    Raises:
        ZooError: if one is missing.
    """
    if tuple(inputs) == dataset.inputs:
        return dataset
    missing = [name for name in inputs if name not in dataset.inputs]
    if missing:
        raise ZooError(
            f"The data set {printable(dataset.name)} has no input {printable(missing[0])!r}, which "
            f"the model takes; it has {printable(', '.join(dataset.inputs)) or 'no names'}."
        )
    columns = [dataset.inputs.index(name) for name in inputs]
    splits: dict[str, Any] = {
        split: Split(np.asarray(getattr(dataset, split).x)[:, columns], getattr(dataset, split).y)
        for split in SPLITS
    }
    return replace(dataset, inputs=tuple(inputs), **splits)


def target_names(identity: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the labels, or the values with units, of a `Dataset.identity`."""
    if "values" not in identity:
        return tuple(identity["labels"])
    values = identity["values"]
    return with_units([value["name"] for value in values], [value["unit"] for value in values])


def with_units(names: Sequence[str], units: Sequence[str] | None = None) -> tuple[str, ...]:
    """Return names with their units, if they have any.

    >>> with_units(["pressure", "age"], ["mmHg", ""])
    ('pressure (mmHg)', 'age')
    """
    units = units or [""] * len(names)
    return tuple(
        f"{name} ({unit})" if unit else name for name, unit in zip(names, units, strict=True)
    )


def computed_dataset(
    name: str,
    kind: str,
    splits: Mapping[str, Split],
    labels: Sequence[str] = (),
    values: Sequence[Value] = (),
) -> Dataset:
    """Return a data set made from arrays.

    Args:
        name: its name, as given to `zoo.data.load`.
        kind: "vector" or "image".
        splits: "train", "validation" and "test".
        labels: class names by index; or
        values: names and units of the numbers in y.

    Raises:
        ZooError: as `Dataset`.
    """
    digests = {split: [example_digest(row) for row in splits[split].x] for split in SPLITS}
    return Dataset(
        name=name,
        kind=kind,
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
        labels=tuple(labels),
        values=tuple(values),
        fingerprint=fingerprint(
            # Names cannot contain a tab.
            labels or [f"{value.name}\t{value.unit}" for value in values],
            digests,
            {split: splits[split].y for split in SPLITS},
        ),
    )


def example_digest(x: np.ndarray) -> bytes:
    """Return the hash of one example: dtype, shape and numbers."""
    digest = hashlib.sha256(f"{x.dtype.str} {x.shape}".encode())
    digest.update(np.ascontiguousarray(x).data)
    return digest.digest()


def fingerprint(
    labels: Iterable[str],
    digests: Mapping[str, Sequence[bytes]],
    targets: Mapping[str, np.ndarray],
) -> str:
    """Return the hash of a data set.

    Args:
        labels: names of the classes or values, one line each.
        digests: `example_digest` of each split's examples.
        targets: y of each split, hashed with dtype and shape unless it is class indices.
    """
    total = hashlib.sha256("\n".join(labels).encode())
    for split in SPLITS:
        total.update(f"\n{split} {len(digests[split])}\n".encode())
        total.update(b"".join(digests[split]))
        total.update(_target_bytes(np.asarray(targets[split])))
    return total.hexdigest()[:_FINGERPRINT_DIGITS]


def _target_bytes(y: np.ndarray) -> bytes:
    y = np.ascontiguousarray(y, y.dtype.newbyteorder("<"))
    indices = y.dtype == np.dtype("<i8") and y.ndim == 1
    return (b"" if indices else f"{y.dtype.str} {y.shape}\n".encode()) + y.tobytes()

"""What every data set is once loaded: three splits, what its targets are, a fingerprint."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.errors import ZooError
from zoo.registry.tasks import Value
from zoo.utils.text import check_label, printable

if TYPE_CHECKING:
    from zoo.data.photos import Photos

SPLITS = ("train", "validation", "test")
_FINGERPRINT_DIGITS = 16


@dataclass(frozen=True, eq=False)
class Split:
    """Examples and their targets, in the same order.

    Args:
        x: float32 (n, inputs) numbers; or photos, uint8 0…255, as one array (n, h, w, 3) if all
            have one size and as `Photos` if not. Arrays of photos are read-only.
        y: int64 indices of classes, (n,); or numbers, (n,) or (n, …), one for each value.
    """

    x: np.ndarray | Photos
    y: np.ndarray

    def __len__(self) -> int:
        return len(self.y)

    def map_targets(self, function: Callable[[np.ndarray], np.ndarray]) -> Split:
        """Return the same examples with other targets, such as a model's loss takes.

        >>> Split(np.zeros((2, 1)), np.array([0, 1])).map_targets(lambda y: 2 * y - 1).y
        array([-1,  1])
        """
        return Split(self.x, function(self.y))


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set, split by a fixed function of each example's identity.

    Args:
        name: what `zoo.data.load` was given.
        kind: "vector" or "image".
        train: what weights are fitted to.
        validation: held out of training, to choose settings by.
        test: touched once, at the end.
        labels: the name of each class, by index; () where the targets are values.
        fingerprint: 16 hexadecimal digits, a hash of what was decoded: every x, its y and its
            split. The same photos read in another order, or on another machine, have the same.
        skipped: names of photos that could not be decoded and are in no split, printable.
        notes: sentences on what else is to know of the data, such as equal photos.
        values: names and units of the numbers in y; () where the targets are classes.

    Raises:
        ZooError: unless there are labels or values; for a name that is not one printable line of
            text, or is there twice; for y that is not of the type or the shape that these need.
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

    @property
    def target_names(self) -> tuple[str, ...]:
        """The labels, or the values with their units."""
        return target_names(self.identity())

    def identity(self) -> dict[str, Any]:
        """Return what run folders keep of it: name, fingerprint, labels, and values if any."""
        identity: dict[str, Any] = {
            "name": self.name,
            "fingerprint": self.fingerprint,
            "labels": list(self.labels),
        }
        if self.values:
            identity["values"] = [{"name": v.name, "unit": v.unit} for v in self.values]
        return identity


def target_names(identity: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the labels, or the values with their units, of what `Dataset.identity` returned."""
    if "values" not in identity:
        return tuple(identity["labels"])
    values = identity["values"]
    return with_units([value["name"] for value in values], [value["unit"] for value in values])


def with_units(names: Sequence[str], units: Sequence[str] | None = None) -> tuple[str, ...]:
    """Return names with their units, where they have any.

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
    """Return the data set of arrays that were computed rather than read.

    Args:
        name: what `zoo.data.load` is given.
        kind: "vector" or "image".
        splits: "train", "validation" and "test".
        labels: the name of each class, by index; or
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
            # A tab, which no name has, between name and unit.
            labels or [f"{value.name}\t{value.unit}" for value in values],
            digests,
            {split: splits[split].y for split in SPLITS},
        ),
    )


def example_digest(x: np.ndarray) -> bytes:
    """Return the hash of one example: its type, its shape and its numbers."""
    digest = hashlib.sha256(f"{x.dtype.str} {x.shape}".encode())
    digest.update(np.ascontiguousarray(x).data)
    return digest.digest()


def fingerprint(
    labels: Iterable[str],
    digests: Mapping[str, Sequence[bytes]],
    targets: Mapping[str, np.ndarray],
) -> str:
    """Return the hash of a data set, given each split's example digests and y.

    Args:
        labels: names of the classes or values, a line each.
        digests: of each split's examples.
        targets: y of each split, hashed as it is: with type and shape, unless it holds indices.
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

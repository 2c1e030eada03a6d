"""The targets of arrays and tables: class indices with labels, or numbers with names and units."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from zoo.errors import ZooError
from zoo.registry.tasks import Value
from zoo.utils.text import printable

# The largest rounding error of numbers, as a fraction of their standard deviation.
_LOST = 0.01
_WITH_UNIT = re.compile(r"(.*\S)\s*\(([^()]*[^()\s])\s*\)")


class Targets(NamedTuple):
    """The targets of a data set.

    Args:
        y: of each split given: class indices, int64 (n,); or numbers, float32 (n,) or (n, values).
        labels: names of the classes; () for values.
        values: names and units of the numbers; () for classes.
    """

    y: dict[str, np.ndarray]
    labels: tuple[str, ...]
    values: tuple[Value, ...]


def value_of(name: str) -> Value:
    """Return the value that a column's name describes.

    >>> value_of("pressure (mmHg)")
    Value(name='pressure', unit='mmHg')
    >>> value_of("age")
    Value(name='age', unit='')
    """
    found = _WITH_UNIT.fullmatch(name)
    return Value(*found.groups()) if found else Value(name)


def targets_of(
    where: str,
    y: Mapping[str, np.ndarray],
    labels: Sequence[str] | None = None,
    values: Sequence[str | Value] | None = None,
) -> Targets:
    """Return the targets that arrays hold.

    Texts and whole numbers are classes: texts by their names, sorted, and whole numbers as indices
    of `labels`. Other numbers are values.

    Args:
        where: what holds the arrays, for messages, such as "The file digits.npz".
        y: split → targets; (n,), or (n, values).
        labels: class names by index; by default the texts, or the indices themselves.
        values: names of values, with units in parentheses; given for whole numbers that are values.

    Raises:
        ZooError: if they are neither; the message names the first example that is wrong.
    """
    if labels is not None and values is not None:
        raise ZooError(f"{where} has both labels and values; give one of them.")
    kinds = {split: _kind(f"{where}: y of {split}", array) for split, array in y.items()}
    if len(set(kinds.values())) > 1:
        listed = ", ".join(f"{kind} in {split}" for split, kind in kinds.items())
        raise ZooError(f"{where} has targets of different kinds: {listed}; give one kind.")
    (kind,) = set(kinds.values())
    if values is not None or (kind == "number" and labels is None):
        return _values(where, y, kind, values)
    columns = {split: _column(f"{where}: y of {split}", array) for split, array in y.items()}
    if kind == "text":
        return _named_classes(where, columns, labels)
    return _numbered_classes(where, columns, labels)


def _kind(where: str, y: np.ndarray) -> str:
    if y.dtype.kind in "US":
        return "text"
    if y.dtype.kind in "biu":
        return "whole number"
    if y.dtype.kind == "f":
        return "number"
    raise ZooError(
        f"{where} is of the type {y.dtype}; give class indices, class names or finite numbers."
    )


def _column(where: str, y: np.ndarray) -> np.ndarray:
    if y.ndim == 2 and y.shape[1] == 1:
        return y[:, 0]
    if y.ndim == 2 and y.dtype.kind in "biuf" and bool(np.all(np.sum(y != 0, axis=1) == 1)):
        raise ZooError(f"{where} is one-hot, {y.shape}; give class indices, y.argmax(axis=1).")
    if y.ndim != 1:
        raise ZooError(
            f"{where} has the shape {y.shape}; classes are one index or name each, (n,)."
        )
    return y


def _values(
    where: str, y: Mapping[str, np.ndarray], kind: str, names: Sequence[str | Value] | None
) -> Targets:
    if kind == "text":
        raise ZooError(f"{where} has text as y, but values are numbers; give labels instead.")
    found = {}
    for split, array in y.items():
        which = f"{where}: y of {split}"
        if array.ndim not in (1, 2) or (array.ndim == 2 and not array.shape[1]):
            raise ZooError(f"{which} has the shape {array.shape}; give (n,) or (n, values).")
        if names is None and array.ndim == 2 and array.shape[1] > 1 and _is_one_hot(array):
            raise ZooError(
                f"{which} is one-hot, {array.shape}; give class indices, y.argmax(axis=1)."
            )
        found[split] = as_float32(which, "y", array)
    counts = {1 if array.ndim == 1 else array.shape[1] for array in found.values()}
    if len(counts) > 1:
        raise ZooError(f"{where} has different numbers of values in its splits; give the same.")
    (count,) = counts
    named = value_names(count) if names is None else names
    if len(named) != count:
        raise ZooError(
            f"{where} names {len(named)} value{'s' * (len(named) != 1)}, but y holds {count} per "
            "example; name each once."
        )
    values = tuple(value if isinstance(value, Value) else value_of(str(value)) for value in named)
    return Targets({split: _squeezed(array) for split, array in found.items()}, (), values)


def _is_one_hot(y: np.ndarray) -> bool:
    return bool(np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all())


def _squeezed(y: np.ndarray) -> np.ndarray:
    return y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y


def value_names(count: int) -> list[str]:
    """Return the names of values that were given none."""
    return ["value"] if count == 1 else [f"value_{number}" for number in range(1, count + 1)]


def _named_classes(
    where: str, y: Mapping[str, np.ndarray], labels: Sequence[str] | None
) -> Targets:
    texts = {split: _decoded(f"{where}: y of {split}", array) for split, array in y.items()}
    found = np.unique(np.concatenate(list(texts.values())))
    names = np.array(found if labels is None else [str(label) for label in labels])
    unknown = np.setdiff1d(found, names)
    if len(unknown):
        raise ZooError(
            f"{where} has the class {printable(unknown[0])!r} in y, which is not one of its "
            f"{len(names)} labels; add it, or correct y."
        )
    order = np.argsort(names)
    indices = {
        split: order[np.searchsorted(names, text, sorter=order)].astype(np.int64)
        for split, text in texts.items()
    }
    return Targets(indices, tuple(str(name) for name in names), ())


def _decoded(where: str, y: np.ndarray) -> np.ndarray:
    if y.dtype.kind == "U":
        return y
    try:
        return np.char.decode(y, "utf-8")
    except UnicodeDecodeError as error:
        raise ZooError(f"{where} has bytes that are not UTF-8; give texts.") from error


def _numbered_classes(
    where: str, y: Mapping[str, np.ndarray], labels: Sequence[str] | None
) -> Targets:
    for split, array in y.items():
        _require_indices(f"{where}: y of {split}", array)
    largest = max(int(array.max()) for array in y.values() if len(array))
    if labels is None:
        present = np.unique(np.concatenate([np.unique(array) for array in y.values()]))
        if len(present) <= largest:
            missing = int(np.flatnonzero(present != np.arange(len(present)))[0])
            raise ZooError(
                f"{where} has class indices up to {largest} in y, but no example of class "
                f"{missing}; number the classes 0, 1, 2 … without gaps, or, if these are numbers "
                "to predict, give values=['NAME']."
            )
    elif largest >= len(labels):
        raise ZooError(
            f"{where} has the class index {largest} in y, but {len(labels)} labels, whose indices "
            f"are 0 to {len(labels) - 1}; add labels, or correct y."
        )
    names = range(largest + 1) if labels is None else labels
    indices = {split: array.astype(np.int64) for split, array in y.items()}
    return Targets(indices, tuple(str(name) for name in names), ())


def _require_indices(where: str, y: np.ndarray) -> None:
    if y.dtype.kind == "f":
        wrong = ~np.isfinite(y) | (y != np.floor(y))
        if wrong.any():
            at = int(np.flatnonzero(wrong)[0])
            raise ZooError(f"{where} has {y[at]} at index {at}, which is no class index of labels.")
    if len(y) and y.min() < 0:
        at = int(np.flatnonzero(y < 0)[0])
        raise ZooError(
            f"{where} has the class index {int(y[at])} at index {at}; class indices are 0, 1, 2 …, "
            "and numbers to predict are given with values=['NAME']."
        )


def as_float32(where: str, what: str, numbers: np.ndarray) -> np.ndarray:
    """Return numbers as a float32 array of their own.

    Args:
        where: what holds them, for messages.
        what: their name there, for messages, such as "x".
        numbers: of any real type, (n,) or (n, m).

    Raises:
        ZooError: if one is not finite in float32, in which case the message says which; or if
            their differences are lost in float32.
    """
    with np.errstate(over="ignore"):
        found = np.array(numbers, np.float32)
    if not np.isfinite(found).all():
        index = tuple(int(at) for at in np.argwhere(~np.isfinite(found))[0])
        place = ", ".join(map(str, index))
        raise ZooError(
            f"{where} holds {numbers[index]} at {what}[{place}]; give finite numbers up to 3.4e38."
        )
    for column in range(found.shape[1]) if found.ndim == 2 else ():
        named = f"{where}: {what}[:, {column}]"
        require_precision(named, np.asarray(numbers)[:, column], found[:, column])
    if found.ndim == 1:
        require_precision(f"{where}: {what}", np.asarray(numbers), found)
    return found


def require_precision(where: str, numbers: np.ndarray, rounded: np.ndarray) -> None:
    """Raise an error if numbers differ by so little that float32 loses their differences.

    Args:
        where: what holds them, for messages.
        numbers: of any real type, (n,).
        rounded: the same in float32.

    Raises:
        ZooError: if a rounding error is more than a hundredth of their standard deviation.
    """
    # Only these types hold more digits than float32.
    if numbers.dtype not in (np.float64, np.int64, np.uint64, np.int32, np.uint32):
        return
    if not np.isfinite(rounded).all():
        return
    numbers = numbers.astype(np.float64)
    lost = float(np.max(np.abs(rounded.astype(np.float64) - numbers), initial=0.0))
    if lost > _LOST * float(np.std(numbers)) > 0:
        raise ZooError(
            f"{where} the numbers, such as {numbers[0]:.10g}, are too large for their differences, "
            "which float32, as models compute, rounds by up to "
            f"{lost:.3g}; subtract a constant, such as {numbers.min():.10g}."
        )

"""The columns of a table to predict: which they are, and whether they are classes or values."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from zoo.data.csv_scan import Layout, first_mistake, is_number
from zoo.data.targets import Targets, require_precision, value_of
from zoo.errors import ZooError
from zoo.utils.text import check_label, printable

if TYPE_CHECKING:
    import pyarrow

# Whole numbers of at most so many kinds, in so many rows of each on average, are classes.
MOST_CLASSES = 20
ROWS_PER_CLASS = 3
KINDS = ("class", "value")
_LISTED = 20


class Column(NamedTuple):
    """A column to predict.

    Args:
        name: in the header.
        kind: "class" or "value" if that was asked for, else "".
    """

    name: str
    kind: str


def target_columns(layout: Layout, target: str | None) -> list[Column]:
    """Return the columns that a target names: one, with its kind or without, or several values.

    Raises:
        ZooError: if there is none, or no such column; the message lists them.
    """
    listed = ", ".join(printable(name) for name in layout.columns[:_LISTED])
    listed += f" and {len(layout.columns) - _LISTED} more" * (len(layout.columns) > _LISTED)
    if len(layout.columns) < 2:
        raise ZooError(
            f"{layout.where} has one column, {listed}; give two or more, separated by commas, "
            "semicolons or tabs."
        )
    if target is None:
        raise ZooError(
            f"{layout.where} needs the column to predict, --target COLUMN, or target= in Python; "
            f"its columns are {listed}."
        )
    one = _column(layout.columns, target)
    names = [target] if one else target.split(",")
    columns = []
    for name in names:
        column = _column(layout.columns, name)
        if column is None:
            near = [column for column in layout.columns if value_of(column).name == name.strip()]
            near = near or difflib.get_close_matches(name.strip(), layout.columns, n=3, cutoff=0.5)
            hint = f"did you mean {printable(' or '.join(near))}? Its" if near else "its"
            raise ZooError(
                f"{layout.where} has no column {printable(name.strip())!r}; {hint} columns are "
                f"{listed}."
            )
        columns.append(column)
    if len({column.name for column in columns}) < len(columns):
        raise ZooError(f"The target {printable(target)} names a column twice; name it once.")
    if len(columns) > 1 and any(column.kind == "class" for column in columns):
        raise ZooError(
            f"The target {printable(target)} names classes and another column; predict one column "
            "of classes, or several of values."
        )
    return columns


def _column(names: Sequence[str], target: str) -> Column | None:
    target = target.strip()
    if target in names:
        return Column(target, "")
    name, _, kind = target.rpartition(":")
    return Column(name.strip(), kind) if kind in KINDS and name.strip() in names else None


def targets_of_columns(
    layout: Layout, table: pyarrow.Table, columns: Sequence[Column]
) -> tuple[Targets, list[str]]:
    """Return the targets in a table's columns of text, and sentences on what they were taken for.

    Raises:
        ZooError: for an empty cell, or text among numbers, with its line.
    """
    import pyarrow.compute as compute

    found = []
    for column in columns:
        cells = compute.utf8_trim_whitespace(table.column(column.name))
        if compute.any(compute.equal(cells, "")).as_py():
            raise first_mistake(layout, set(), {column.name})
        numbers = _numbers(layout, cells)
        if numbers is None:
            return _text_classes(layout, column, cells, len(columns))
        with np.errstate(over="ignore"):
            if not np.isfinite(numbers.astype(np.float32)).all():
                raise first_mistake(layout, {column.name}, set())
        found.append(numbers)
    if len(columns) == 1:
        return _one_column(layout, columns[0], found[0])
    y = np.stack([_value(layout, *pair) for pair in zip(columns, found, strict=True)], axis=1)
    return Targets({"train": y}, (), tuple(value_of(column.name) for column in columns)), []


def _numbers(layout: Layout, cells: pyarrow.ChunkedArray) -> np.ndarray | None:
    """Return a column of text as numbers, float64 (n,); None if some are none."""
    import pyarrow
    import pyarrow.compute as compute

    ways = [cells]
    if layout.delimiter != ",":
        ways.append(compute.replace_substring(cells, ",", "."))
    for way in ways:
        try:
            return compute.cast(way, pyarrow.float64()).to_numpy()
        except pyarrow.ArrowInvalid:
            continue
    return None


def _text_classes(
    layout: Layout, column: Column, cells: pyarrow.ChunkedArray, columns: int
) -> tuple[Targets, list[str]]:
    """Return a column's texts as classes, unless they are strays among numbers."""
    import pyarrow.compute as compute

    counts = compute.value_counts(cells)
    names = [str(name) for name in counts.field("values").to_pylist()]
    rows = counts.field("counts").to_numpy()
    numeric = [
        is_number(name) or (layout.delimiter != "," and is_number(name, ",")) for name in names
    ]
    strays = np.sum(rows[numeric]) > rows.sum() / 2
    if column.kind == "value" or columns > 1 or (strays and column.kind != "class"):
        raise first_mistake(layout, {column.name}, set())
    if "nan" in {name.lower() for name in names}:
        raise first_mistake(layout, set(), {column.name})
    labels = sorted(names)
    for label in labels:
        check_label(label, layout.where)
    order = {name: index for index, name in enumerate(labels)}
    encoded = compute.index_in(cells, value_set=compute.unique(cells)).to_numpy()
    indices = np.array([order[name] for name in names], np.int64)
    return Targets({"train": indices[encoded]}, tuple(labels), ()), []


def _one_column(layout: Layout, column: Column, numbers: np.ndarray) -> tuple[Targets, list[str]]:
    """Return a column of numbers as classes or as a value."""
    name = printable(column.name)
    whole = bool((numbers == np.floor(numbers)).all())
    if column.kind == "class" and not whole:
        at = float(numbers[numbers != np.floor(numbers)][0])
        raise ZooError(
            f"{layout.where} has the number {at:g} in the column {name}, which is no class; give "
            "whole numbers or names."
        )
    notes = []
    kinds, indices = np.unique(numbers, return_inverse=True)
    few = len(kinds) <= MOST_CLASSES and len(numbers) >= ROWS_PER_CLASS * len(kinds)
    classes = column.kind == "class" or (not column.kind and whole and few)
    if whole and not column.kind:
        other = "value" if classes else "class"
        taken = "classes" if classes else "a value to predict"
        notes.append(
            f"{name} holds {len(kinds):,} different whole numbers, which are taken as {taken}; "
            f"--target '{name}:{other}' takes them as {'a value' if classes else 'classes'}."
        )
    if classes:
        labels = tuple(str(int(kind)) for kind in kinds)
        return Targets({"train": indices.astype(np.int64)}, labels, ()), notes
    y = _value(layout, column, numbers)
    return Targets({"train": y}, (), (value_of(column.name),)), notes


def _value(layout: Layout, column: Column, numbers: np.ndarray) -> np.ndarray:
    rounded = numbers.astype(np.float32)
    require_precision(f"{layout.where}, column {printable(column.name)}:", numbers, rounded)
    return rounded

"""A data set from a CSV file with a header: columns of numbers, and a column to predict."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zoo import edge
from zoo.data.arrays import vector_dataset
from zoo.data.csv_scan import Layout, first_mistake, is_number
from zoo.data.csv_target import target_columns, targets_of_columns
from zoo.data.dataset import Dataset
from zoo.data.places import Request
from zoo.data.targets import require_precision
from zoo.errors import ZooError
from zoo.utils.files import read_beginning
from zoo.utils.text import check_label, printable

if TYPE_CHECKING:
    import pyarrow

_DELIMITERS = (",", ";", "\t")
_HEADER_BYTES = 2**20
_THREADS_FROM_BYTES = 2**24


def load_csv(request: Request) -> Dataset:
    """Return the data set of a CSV file.

    The first line holds the names of the columns. Cells are separated by commas, semicolons or
    tabs; where it is not by commas, numbers may have a decimal comma. The columns that are not
    predicted hold a finite number in every row. The target's texts are classes, and so are its
    whole numbers if there are at most 20 different ones, and at least three rows for
    each on average; other numbers are values, with the unit in parentheses in the column's name.
    COLUMN:class and COLUMN:value decide it otherwise.

    Args:
        request: its `data_dir` is the file, its `target` the column, or several with commas.

    Raises:
        ZooError: if the file cannot be read, or for the first mistake in it, with line and column.
    """
    path = Path(request.data_dir or "")
    layout = _layout(path)
    columns = target_columns(layout, request.target)
    names = {column.name for column in columns}
    inputs = [name for name in layout.columns if name not in names]
    if not inputs:
        raise ZooError(
            f"{layout.where} has no column but the target; give at least one column of numbers to "
            "predict it from."
        )
    layout, table = _read(layout, inputs)
    x = np.empty((table.num_rows, len(inputs)), np.float32)
    with np.errstate(over="ignore"):
        for at, name in enumerate(inputs):
            numbers = table.column(name).to_numpy()
            x[:, at] = numbers
            require_precision(f"{layout.where}, column {printable(name)}:", numbers, x[:, at])
    if not np.isfinite(x).all():
        raise first_mistake(layout, set(inputs), set())
    targets, notes = targets_of_columns(layout, table, columns)
    if layout.decimal == ",":
        notes = [*notes, "Numbers are read with a decimal comma."]
    return vector_dataset(
        request.name,
        layout.where,
        {"train": x},
        targets,
        inputs=inputs,
        target=request.target,
        notes=notes,
    )


def _layout(path: Path) -> Layout:
    """Return the delimiter and the columns, from the first line that is not empty."""
    where = f"The file {printable(path)}"
    head = _head(path, where)
    rows = {delimiter: _first_row(where, head, delimiter) for delimiter in _DELIMITERS}
    delimiter = max(_DELIMITERS, key=lambda delimiter: len(rows[delimiter]))
    cells = rows[delimiter]
    columns = tuple(cell.strip() for cell in cells)
    if any(row and all(map(_is_any_number, row)) for row in rows.values()):
        raise ZooError(
            f"{where} has only numbers in its first line, which should hold the names of the "
            "columns; add a line with a name for each."
        )
    for number, column in enumerate(columns, start=1):
        if not column:
            raise ZooError(
                f"{where} has no name for column {number} in its first line; name it, or remove "
                "it (pandas writes such a column unless index=False)."
            )
        check_label(column, where, "column name")
        if column in columns[: number - 1]:
            raise ZooError(f"{where} has two columns named {printable(column)}; rename one.")
    return Layout(path, delimiter, tuple(cells))


def _is_any_number(cell: str) -> bool:
    return is_number(cell) or is_number(cell, ",")


def _head(path: Path, where: str) -> str:
    """Return the beginning of the file, with its first line."""
    head = read_beginning(path, _HEADER_BYTES, "CSV file")
    if not head.strip():
        raise ZooError(f"{where} is empty; give a header and rows.")
    if other := edge.other_format(head):
        other = "for --dataset npz:FILE" if path.suffix.lower() == ".npz" else other
        raise ZooError(f"{where} is {other}.")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ZooError(f"{where} is UTF-16 text; save it as UTF-8.")
    if b"\0" in head:
        raise ZooError(f"{where} is no text, as it has zero bytes; save the table as CSV.")
    if len(head) == _HEADER_BYTES:
        # A character may be cut in two at the end.
        head = head.rpartition(b"\n")[0] or head.rpartition(b"\r")[0]
        if not head.strip():
            raise ZooError(f"{where} has a first line of more than 1 MiB; give a CSV file.")
    try:
        return head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = head[: error.start].count(b"\n") + 1
        raise ZooError(
            f"{where} is not UTF-8 text, as line {line} has the byte 0x{head[error.start]:02x}; "
            "save it as UTF-8."
        ) from error


def _first_row(where: str, head: str, delimiter: str) -> list[str]:
    lines = head.splitlines(keepends=True)
    try:
        return next((row for row in csv.reader(lines, delimiter=delimiter) if row), [])
    except csv.Error as error:
        raise ZooError(f"{where} has a first line that is no header ({error}).") from error


def _read(layout: Layout, inputs: Sequence[str]) -> tuple[Layout, pyarrow.Table]:
    """Return the table, inputs as numbers and targets as text, and the layout with its decimals."""
    try:
        import pyarrow
    except ModuleNotFoundError as error:
        raise ZooError(
            f'A CSV file needs pyarrow ({error}); run: pip install "lecture-zoo[train]"'
        ) from error
    for decimal in (".",) if layout.delimiter == "," else (".", ","):
        try:
            table = _parse(layout, inputs, decimal)
        except (pyarrow.ArrowException, OSError, UnicodeDecodeError):
            continue
        if tuple(table.column_names) != layout.header:
            break
        if any(column.null_count for column in table.columns):
            break
        if not table.num_rows:
            raise ZooError(f"{layout.where} has a header, but no rows; give some.")
        return layout._replace(decimal=decimal), table.rename_columns(list(layout.columns))
    raise first_mistake(layout, set(inputs), set(layout.columns) - set(inputs))


def _parse(layout: Layout, inputs: Sequence[str], decimal: str) -> pyarrow.Table:
    import pyarrow
    from pyarrow import csv as reader

    types = {
        cell: pyarrow.float64() if cell.strip() in inputs else pyarrow.string()
        for cell in layout.header
    }
    # Given by its path, a file with the suffix of a compressed one would be decompressed.
    with layout.path.open("rb") as stream:
        return reader.read_csv(
            stream,
            # Its threads may outlive an error, and then end the process at its exit.
            read_options=reader.ReadOptions(
                use_threads=layout.path.stat().st_size > _THREADS_FROM_BYTES
            ),
            parse_options=reader.ParseOptions(delimiter=layout.delimiter, newlines_in_values=True),
            convert_options=reader.ConvertOptions(
                column_types=types,
                null_values=[""],
                strings_can_be_null=False,
                decimal_point=decimal,
            ),
        )

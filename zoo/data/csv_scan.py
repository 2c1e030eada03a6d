"""Finds the first mistake in a CSV file and says where it is.

The file is read by a fast parser that does not know lines; only if it fails, or finds a gap, is the
file read again here, by line.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from zoo.errors import ZooError
from zoo.utils.text import printable

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_GAPS = ("nan", "na", "n/a", "null", "none", "?", "-")
_SHOWN = 40


class Layout(NamedTuple):
    """How a CSV file is written.

    Args:
        path: of the file.
        delimiter: between cells.
        header: the cells of its first line.
        decimal: the character before decimals, "." or ",".
    """

    path: Path
    delimiter: str
    header: tuple[str, ...]
    decimal: str = "."

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(cell.strip() for cell in self.header)

    @property
    def where(self) -> str:
        """The file, for messages."""
        return f"The file {printable(self.path)}"


def is_number(cell: str, decimal: str = ".") -> bool:
    """Return whether a cell is a number as the reader understands it, not necessarily finite.

    >>> is_number("1.5e3"), is_number("1,5"), is_number("1,5", ","), is_number("1_000")
    (True, False, True, False)
    """
    if decimal == ",":
        if "." in cell:
            return False
        cell = cell.replace(",", ".")
    return bool(_NUMBER.fullmatch(cell.strip()))


def first_mistake(layout: Layout, numbers: set[str], texts: set[str]) -> ZooError:
    """Return an error that names the first line and column that cannot be read.

    Args:
        layout: of the file.
        numbers: the columns that must hold numbers.
        texts: the columns whose cells must not be empty.
    """
    decimals = (".",) if layout.delimiter == "," else (".", ",")
    try:
        # Of two ways to write decimals, the file has the one that goes wrong later.
        line, problem = max(
            (_first(layout._replace(decimal=decimal), numbers, texts) for decimal in decimals),
            key=lambda found: found[0],
        )
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        return ZooError(
            f"{layout.where} is not UTF-8 text, as it has the byte 0x{byte:02x}; save it as UTF-8."
        )
    except (csv.Error, ValueError) as error:
        return ZooError(f"{layout.where} cannot be read as a table ({error}); correct it.")
    except OSError as error:
        return ZooError(f"{layout.where} cannot be read ({error.strerror or error}).")
    return ZooError(f"{layout.where}{f', line {line}' if problem else ''}{problem or _UNKNOWN}")


_UNKNOWN = " cannot be read as a table; check its quotes and its end, and save it as plain CSV."


def _first(layout: Layout, numbers: set[str], texts: set[str]) -> tuple[float, str]:
    """Return the first line that is wrong, and how; infinity and "" if none is."""
    for line, cells in _records(layout):
        problem = _problem(layout, cells, numbers, texts)
        if problem:
            return line, problem
    return math.inf, ""


def _records(layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """Yield the line on which each record begins, and its cells, after the header."""
    with layout.path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, delimiter=layout.delimiter)
        line, header = 1, True
        for cells in reader:
            if cells and not header:
                yield line, cells
            header = header and not cells
            line = reader.line_num + 1


def _problem(layout: Layout, cells: list[str], numbers: set[str], texts: set[str]) -> str | None:
    """Return what is wrong with a record, after its line, or None."""
    wanted = len(layout.columns)
    if len(cells) != wanted:
        return (
            f": it has {len(cells)} cell{'s' * (len(cells) != 1)}, but the header has {wanted}; "
            "give every line one cell per column."
        )
    for name, cell in zip(layout.columns, cells, strict=True):
        found = None
        if name in numbers:
            found = _number_problem(cell, layout.decimal)
        elif name in texts:
            found = _text_problem(cell)
        if found:
            return f", column {printable(name)}: {found}"
    return None


def _number_problem(cell: str, decimal: str) -> str | None:
    text = cell.strip()
    shown = printable(text[:_SHOWN])
    if not text:
        return "the cell is empty; fill it, or remove the line or the column."
    if text.lower() in _GAPS:
        return f"{shown!r} is a gap, not a number; fill it, or remove the line or the column."
    if re.fullmatch(r"[+-]?inf(inity)?", text, re.IGNORECASE):
        return f"{shown!r} is not finite; correct it, or remove the line or the column."
    if decimal == "." and "," in text and is_number(cell, ","):
        return f"{shown!r} has a comma; write decimals with a point, and thousands without a comma."
    if not is_number(cell, decimal):
        return (
            f"{shown!r} is text, not a number; correct it, or remove the column or encode it as "
            "numbers."
        )
    with np.errstate(over="ignore"):
        number = np.float32(text.replace(",", "."))
    return None if np.isfinite(number) else f"{shown} is too large; give numbers up to 3.4e38."


def _text_problem(cell: str) -> str | None:
    text = cell.strip()
    if not text:
        return "the cell is empty; fill it, or remove the line."
    if text.lower() == "nan":
        return f"{text!r} is a gap, not a class; fill it, or remove the line."
    return None

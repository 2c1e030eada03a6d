"""Named points in photos: FOLDER/images/ and one CSV of image, name, x, y, visible.

This reads and splits them. `keypoint_patches` makes a data set of classes of them, and
`keypoint_coordinates` one of values.
"""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from zoo.data.listing import SUFFIXES, is_hidden
from zoo.data.splits import split_by_fractions
from zoo.errors import ZooError
from zoo.utils.text import check_label, printable

IMAGES = "images"
FRACTIONS = {"test": 0.2, "validation": 0.1}
_COLUMNS = ("image", "name", "x", "y", "visible")
# What the column of names may be called too.
_OTHER_NAME = "joint"
_TRUE, _FALSE = ("1", "1.0", "true", "yes"), ("0", "0.0", "false", "no")
_EXAMPLE = "such as images/1.jpg and points.csv with the columns image, name, x, y, visible"


class Point(NamedTuple):
    """One line of the CSV.

    Args:
        line: its number in the file, from 1.
        image: the photo's path inside `images`.
        name: what the point is, for instance a joint.
        x: pixels from the photo's left edge.
        y: pixels from its upper edge.
        visible: whether it can be seen.
    """

    line: int
    image: str
    name: str
    x: float
    y: float
    visible: bool


@dataclass(frozen=True)
class Keypoints:
    """The points of a folder of photos.

    Args:
        folder: that holds images/ and the CSV.
        table: the CSV file.
        points: by photo, in the order of the file.
        names: of the points, sorted.
        notes: sentences on photos without points.
    """

    folder: Path
    table: Path
    points: dict[str, list[Point]]
    names: tuple[str, ...]
    notes: tuple[str, ...]

    def photo(self, image: str) -> Path:
        """Return the path of a photo."""
        return self.folder / IMAGES / image

    def files(self) -> list[Path]:
        """Return the CSV and the photos with points."""
        return [self.table, *map(self.photo, self.points)]


def read_keypoints(folder: str | Path) -> Keypoints:
    """Read the points of a folder of photos; the photos themselves are not opened.

    Args:
        folder: holds images/ with the photos, and one CSV with the columns image, name (or joint),
            x, y and visible (0 or 1).

    Raises:
        ZooError: if something is missing, for a point of a photo that is not there, and for text
            that is not a number, with line and column.
    """
    folder = Path(folder).expanduser()
    table = _table(folder)
    photos = _photos(folder)
    points: dict[str, list[Point]] = {}
    for point in _points(table):
        if point.image not in photos:
            raise _mistake(
                table,
                point.line,
                "image",
                f"names {printable(point.image)!r}, and there is no such "
                f"photo in {printable(folder / IMAGES)}; add it, or remove its points",
            )
        points.setdefault(point.image, []).append(point)
    if not any(point.visible for of_photo in points.values() for point in of_photo):
        raise ZooError(
            f"{printable(table)} has no visible points; give at least one line whose column "
            "visible is 1."
        )
    without = len(photos) - len(points)
    notes = []
    if without:
        verb = "photo in images/ has" if without == 1 else "photos in images/ have"
        notes.append(
            f"{without:,} {verb} no points and {'is' if without == 1 else 'are'} left out."
        )
    names = sorted({point.name for of_photo in points.values() for point in of_photo})
    return Keypoints(folder, table, points, tuple(names), tuple(notes))


def split_photos(digests: Mapping[str, bytes]) -> dict[str, str]:
    """Return photo → split: 20 % are test data and 10 % validation data, by a hash of their names.

    Args:
        digests: photo → hash of its pixels; equal photos stay together.

    Raises:
        ZooError: if there are fewer than three different photos.
    """
    groups: dict[bytes, list[str]] = {}
    for image, digest in sorted(digests.items()):
        groups.setdefault(digest, []).append(image)
    if len(groups) < len(FRACTIONS) + 1:
        raise ZooError(
            f"There are points in {len(groups)} different readable photo"
            f"{'s' * (len(groups) != 1)}, but at least 3 are needed: one to train on, one to "
            "validate, one to test."
        )
    return split_by_fractions(list(groups.values()), FRACTIONS)


def is_inside(point: Point, size: tuple[int, int]) -> bool:
    """Return whether a point lies in a photo of this (height, width)."""
    return 0 <= point.x <= size[1] and 0 <= point.y <= size[0]


def _table(folder: Path) -> Path:
    try:
        if not folder.is_dir():
            raise ZooError(f"There is no folder {printable(folder)}; give one {_EXAMPLE}.")
        tables = sorted(
            path
            for path in folder.iterdir()
            if path.suffix.lower() == ".csv" and not is_hidden(path.name)
        )
    except OSError as error:
        raise _cannot_read(error, folder) from error
    if len(tables) != 1:
        found = f"{len(tables)} CSV files" if tables else "no CSV file"
        raise ZooError(f"{printable(folder)} has {found} of points; give one, {_EXAMPLE}.")
    return tables[0]


def _photos(folder: Path) -> frozenset[str]:
    images = folder / IMAGES
    if not images.is_dir():
        raise ZooError(f"{printable(folder)} has no folder {IMAGES}; put the photos into it.")
    try:
        found = frozenset(
            path.relative_to(images).as_posix()
            for path in images.rglob("*")
            if path.suffix.lower() in SUFFIXES and not is_hidden(path.name) and path.is_file()
        )
    except OSError as error:
        raise _cannot_read(error, images) from error
    if not found:
        raise ZooError(f"{printable(images)} has no photos ({', '.join(SUFFIXES)}).")
    return found


def _points(table: Path) -> Iterator[Point]:
    """Yield the points of a CSV file."""
    try:
        with table.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            columns = _columns(table, [name.strip() for name in reader.fieldnames or []])
            reader.fieldnames = columns
            for row in reader:
                yield _point(table, reader.line_num, row)
    except OSError as error:
        raise _cannot_read(error, table) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ZooError(
            f"{printable(table)} cannot be read as CSV ({error}); save it as UTF-8 text with "
            "commas."
        ) from error


def _columns(table: Path, given: Sequence[str]) -> list[str]:
    columns = list(given)
    if "name" not in columns:
        columns = ["name" if column == _OTHER_NAME else column for column in columns]
    for column in _COLUMNS:
        if columns.count(column) != 1:
            problem = "two columns" if column in columns else "no column"
            raise ZooError(
                f"{printable(table)} has {problem} {column}; its first line is "
                f"{printable(','.join(given))!r}, and image,name,x,y,visible are needed."
            )
    return columns


def _point(table: Path, line: int, row: Mapping[str | None, str | None]) -> Point:
    cells = {column: (row[column] or "").strip() for column in _COLUMNS}
    if None in row or None in row.values():
        raise ZooError(
            f"{printable(table)} has another number of cells in line {line} than columns in its "
            "first line; correct it."
        )
    check_label(cells["name"], f"Line {line} of {printable(table)}", "name of a point")
    x, y = (_number(table, line, column, cells[column]) for column in ("x", "y"))
    visible = cells["visible"].lower()
    if visible not in (*_TRUE, *_FALSE):
        raise _mistake(table, line, "visible", f"is {printable(visible)!r}; give 0 or 1")
    return Point(line, cells["image"].replace("\\", "/"), cells["name"], x, y, visible in _TRUE)


def _number(table: Path, line: int, column: str, cell: str) -> float:
    try:
        number = float(cell)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise _mistake(table, line, column, f"is {printable(cell)!r}; give a number of pixels")
    return number


def _mistake(table: Path, line: int, column: str, problem: str) -> ZooError:
    return ZooError(f"{printable(table)}, line {line}: column {column} {problem}.")


def _cannot_read(error: OSError, path: Path) -> ZooError:
    return ZooError(
        f"{printable(error.filename or path)} cannot be read ({error.strerror}); give files that "
        "you have permission to read."
    )


def repeated_name(points: Sequence[Point]) -> Point | None:
    """Return the second point of a name among a photo's points, or None."""
    seen: Counter[str] = Counter()
    for point in points:
        seen[point.name] += 1
        if seen[point.name] > 1:
            return point
    return None

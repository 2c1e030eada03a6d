"""Data sets that are named by where they are: KIND:PLACE, such as csv:iris.csv."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from zoo.data.dataset import Dataset
from zoo.data.photo_set import Progress
from zoo.utils.text import printable


@dataclass(frozen=True)
class Request:
    """What was asked of `zoo.data.load`.

    Args:
        name: the data set's name.
        data_dir: the folder or file given, or None.
        target: the column to predict, for tables; else None.
        progress: called with (done, total) while photos are decoded.
    """

    name: str
    data_dir: str | Path | None = None
    target: str | None = None
    progress: Progress | None = None


@dataclass(frozen=True)
class Place:
    """A kind of place that data sets are read from.

    Args:
        kind: the word before the colon, such as "csv".
        metavar: what follows it, such as "FILE".
        inputs: "vector", "image", or "vector or image".
        summary: one sentence.
        load: function of a `Request` whose name is "KIND:NAME", NAME without folders, and whose
            data_dir is the file or folder; it returns a data set of that name.
        is_path: whether the place is a file or folder.
        has_target: whether the data has a column to choose as the target.
    """

    kind: str
    metavar: str
    inputs: str
    summary: str
    load: Callable[[Request], Dataset]
    is_path: bool = True
    has_target: bool = False

    @property
    def pattern(self) -> str:
        """How it is written, such as "csv:FILE"."""
        return f"{self.kind}:{self.metavar}"

    @property
    def source(self) -> str:
        """Where its data comes from: "file", "folder", or the kind itself."""
        return {"FILE": "file", "FOLDER": "folder"}.get(self.metavar, self.kind)

    def resolve(self, request: Request) -> Request:
        """Return the request with a name that has no folders, and the path in `data_dir`.

        A `data_dir` that is a folder is the one that a relative path starts from, and any other
        `data_dir` is the file or folder itself, which may have been moved.
        """
        if not self.is_path:
            return request
        place = Path(request.name.partition(":")[2]).expanduser()
        path = place
        if request.data_dir is not None:
            given = Path(request.data_dir).expanduser()
            inside = given / place
            is_parent = inside.exists() or (self.source == "file" and given.is_dir())
            path = inside if is_parent else given
        name = f"{self.kind}:{printable(Path(os.path.abspath(path)).name)}"  # noqa: PTH100
        return replace(request, name=name, data_dir=path)

    def location(self, name: str, data_dir: str | Path | None) -> str | None:
        """Return where the data is, for another `load` of the same: an absolute path, or None."""
        path = self.resolve(Request(name, data_dir)).data_dir
        return None if path is None else os.path.abspath(path)  # noqa: PTH100

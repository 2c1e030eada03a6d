"""history.csv: losses and metrics, one row per finished epoch, or per λ.

Rows of epochs are appended, so that an epoch costs the same however many there were before. A row
is on the disk before the checkpoint that counts it: what a resumed training needs is always there,
and rows after its checkpoint are removed.
"""

from __future__ import annotations

import csv
import errno
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from zoo.errors import ZooError
from zoo.utils.files import refused, write_text


class History:
    """The file history.csv of a run.

    Args:
        path: its path.
    """

    def __init__(self, path: Path):
        self.path = path
        self._columns: list[str] = []

    def rows(self) -> list[dict[str, float]]:
        """Return all rows; a last line that is still being written is left out.

        Raises:
            ZooError: if it is missing, damaged, or has no row.
        """
        if not self.path.is_file():
            raise ZooError(f"{self.path.parent} has no history.csv; give the folder of a run.")
        try:
            text = self.path.read_bytes().decode("utf-8")
            whole = text[: text.rfind("\n") + 1]
            rows = [
                {key: float(value) for key, value in row.items() if value}
                for row in csv.DictReader(io.StringIO(whole, newline=""))
            ]
        except (OSError, ValueError, TypeError, AttributeError, csv.Error) as error:
            raise ZooError(
                f"{self.path} is damaged ({error}); restore it, or train again."
            ) from error
        if not rows:
            raise ZooError(f"{self.path} has no finished epoch yet; wait, or resume the training.")
        if not all(set(row) == set(rows[0]) and {"epoch", "penalty"} & set(row) for row in rows):
            raise ZooError(
                f"{self.path} is damaged (its rows have other columns than an epoch's); "
                "restore it, or train again."
            )
        return rows

    def write(self, rows: Sequence[Mapping[str, float]]) -> None:
        """Replace the file by these rows.

        Raises:
            ZooError: if it cannot be written.
        """
        text = io.StringIO()
        if rows:
            self._columns = list(rows[0])
            writer = csv.DictWriter(text, fieldnames=self._columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        write_text(self.path, text.getvalue())

    def append(self, row: Mapping[str, float]) -> None:
        """Add a row at the end.

        Raises:
            ZooError: if it cannot be written; `keep` removes what was written of it.
        """
        if not self._columns:
            self.write([row])
            return
        if list(row) != self._columns:
            raise self._too_few(f"its columns are {', '.join(self._columns)}")
        line = ",".join(str(value) for value in row.values()) + "\n"
        try:
            with self.path.open("ab") as stream:
                stream.write(line.encode())
        except OSError as error:
            raise ZooError(refused(self.path, error)) from error

    def sync(self) -> None:
        """Wait until all rows are on the disk, before a checkpoint that counts them is written.

        Raises:
            ZooError: if they cannot be written.
        """
        if not self._columns:
            return
        try:
            with self.path.open("rb+") as stream:
                os.fsync(stream.fileno())
        except OSError as error:
            raise ZooError(refused(self.path, error)) from error

    def keep(self, epochs: int) -> None:
        """Keep the rows of this many epochs; later ones were written after the last checkpoint.

        Raises:
            ZooError: if there are fewer.
        """
        self._columns = []
        if not epochs:
            self.path.unlink(missing_ok=True)
            return
        try:
            lines = self.path.read_bytes().splitlines(keepends=True)
        except OSError as error:
            reason = "it is missing" if error.errno == errno.ENOENT else str(error.strerror)
            raise self._too_few(reason) from error
        kept = lines[: 1 + epochs]
        if len(kept) <= epochs or not kept[-1].endswith(b"\n"):
            raise self._too_few(f"it has {max(0, len(lines) - 1)} rows")
        try:
            text = b"".join(kept).decode("utf-8")
        except UnicodeDecodeError as error:
            raise self._too_few("it is not text") from error
        if kept != lines:
            write_text(self.path, text)
        self._columns = next(csv.reader([text.partition("\n")[0]]))

    def _too_few(self, reason: str) -> ZooError:
        return ZooError(
            f"{self.path} does not belong to the newest checkpoint beside it ({reason}); restore "
            "it, or delete the run folder to start again."
        )

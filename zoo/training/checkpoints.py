"""Checkpoints: all variables and the position in the training, their files, and their schedule.

Damaged files are ignored.
"""

from __future__ import annotations

import io
import json
import logging
import re
import time
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from zoo.errors import ZooError
from zoo.utils.files import replacing

MAX_TO_KEEP = 2
UNRELATED = (
    "The newest checkpoint in the run folder belongs to another training; delete the folder's "
    "checkpoints, or give another run folder."
)
_POSITION = "position"
_log = logging.getLogger("zoo")


class DamagedCheckpointError(Exception):
    """The bytes are not an intact checkpoint."""


@dataclass
class Position:
    """The position in a training.

    Args:
        epoch: number of finished epochs.
        step: steps of the current epoch.
        row: the last finished epoch's row of history.csv.
        best: the row of the best epoch, if its weights are kept.
        history: rows of history.csv that are in no file yet, such as one per λ.
    """

    epoch: int = 0
    step: int = 0
    row: dict[str, float] = field(default_factory=dict)
    best: dict[str, float] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)

    def number(self, steps_per_epoch: int) -> int:
        """Return the number of steps since the beginning."""
        return self.epoch * steps_per_epoch + self.step


def encode(position: Position, variables: Mapping[str, np.ndarray]) -> bytes:
    """Return a checkpoint as bytes, with a CRC for each array."""
    stream = io.BytesIO()
    where = np.frombuffer(json.dumps(asdict(position)).encode(), np.uint8)
    arrays: dict[str, Any] = {_POSITION: where, **variables}
    np.savez(stream, **arrays)
    return stream.getvalue()


def decode(content: bytes) -> tuple[Position, dict[str, np.ndarray]]:
    """Return the position and variables of a checkpoint.

    Raises:
        DamagedCheckpointError: if it is truncated or altered.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        position = Position(**json.loads(arrays.pop(_POSITION).tobytes()))
        if not (
            type(position.epoch) is type(position.step) is int and position.history is not None
        ):
            raise ValueError("it has no valid position")
        return position, arrays
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise DamagedCheckpointError(str(error)) from error


def save(folder: Path, number: int, content: bytes) -> None:
    """Write checkpoint `number` and delete all but the newest two.

    Args:
        folder: the run's folder of checkpoints.
        number: steps since the beginning; the newest checkpoint has the largest number.
        content: from `encode`.

    Raises:
        ZooError: if it cannot be written; earlier checkpoints are kept.
    """
    with replacing(folder / f"step-{number:010d}.npz") as temporary:
        temporary.write_bytes(content)
    for old in _newest_first(folder)[MAX_TO_KEEP:]:
        old.unlink(missing_ok=True)


def latest(folder: Path) -> bytes:
    """Return the newest intact checkpoint, or b"" if there are no checkpoints.

    Damaged checkpoints are skipped with a warning.

    Raises:
        ZooError: if all checkpoints are damaged.
    """
    paths = _newest_first(folder)
    for path in paths:
        try:
            content = path.read_bytes()
            decode(content)
        except (OSError, DamagedCheckpointError) as error:
            _log.warning("Checkpoint %s is damaged (%s); trying the one before.", path, error)
            continue
        return content
    if paths:
        raise ZooError(
            f"No checkpoint in {folder} can be read; delete the run folder to start again."
        )
    return b""


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob("step-*.npz"), reverse=True)


@dataclass
class CheckpointSchedule:
    """When to write checkpoints: every "epoch", every "N steps" or every "N seconds".

    >>> CheckpointSchedule.parse("500 steps").next_stop(1234)
    1500
    """

    steps: int | None = None
    seconds: float | None = None
    _last: float = field(default_factory=time.monotonic, repr=False)

    @classmethod
    def parse(cls, text: str) -> CheckpointSchedule:
        """Parse "epoch", "500 steps" or "60 seconds".

        Raises:
            ZooError: for anything else.
        """
        if text == "epoch":
            return cls()
        match = re.fullmatch(r"([1-9]\d*) ?(steps|seconds)", text)
        if not match:
            raise ZooError(
                f"A checkpoint cannot be written every {text!r}; "
                "give epoch, '500 steps' or '60 seconds'."
            )
        return cls(**{match[2]: int(match[1])})

    def next_stop(self, step: int) -> int:
        """Return the next step of this epoch at which a checkpoint may be due."""
        if self.steps is None:
            return 2**31
        return (step // self.steps + 1) * self.steps

    def due(self, step: int) -> bool:
        """Return whether a checkpoint is due after this step within an epoch."""
        if self.steps is not None:
            return step % self.steps == 0
        if self.seconds is not None and time.monotonic() - self._last >= self.seconds:
            self._last = time.monotonic()
            return True
        return False

    def after_epoch(self, ended: bool) -> bool:
        """Return whether a checkpoint is due after an epoch, with which the training may end."""
        if self.seconds is None or ended:
            return True
        return self.due(0)

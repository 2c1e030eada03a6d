"""The run folder: everything needed to repeat, resume and judge one training."""

from __future__ import annotations

import csv
import fcntl
import io
import os
from pathlib import Path
from typing import Any

from zoo.errors import ZooError
from zoo.files import read_json, write_json, write_text

# What makes two trainings the same training; the rest of config.json may differ on a resume.
IDENTITY = ("model", "options", "dataset", "recipe", "seed", "precision", "solver")


class RunFolder:
    """One training's folder: config, history, checkpoints, trained model, results.

    Args:
        path: the folder; made when it is first opened for training.
    """

    def __init__(self, path):
        self.path = Path(path)
        self.config_path = self.path / "config.json"
        self.history_path = self.path / "history.csv"
        self.results_path = self.path / "results.json"
        self.model_path = self.path / "model.keras"
        self.checkpoints_path = self.path / "checkpoints"
        self.logs_path = self.path / "logs"

    def check(self, config: dict[str, Any]) -> None:
        """Check that the folder is new, or that what it holds is of this very training.

        Raises:
            ZooError: if it belongs to another training or to something else.
        """
        if not self.config_path.exists():
            if any(entry.name != LOCK_NAME for entry in self.path.iterdir()):
                raise ZooError(
                    f"{self.path} holds other files and no config.json; give a new or empty folder."
                )
            return
        check_identity(str(self.path), self.config(), config)

    def write_config(self, config: dict[str, Any]) -> None:
        """Write config.json, unless an earlier start of the same training has.

        Raises:
            ZooError: if the disk refuses.
        """
        if not self.config_path.exists():
            write_json(self.config_path, config)

    def lock(self):
        """Hold the folder for this process until the returned file is closed.

        Raises:
            ZooError: if another training holds it, or it cannot be written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            stream = (self.path / LOCK_NAME).open("w", encoding="utf-8")
        except OSError as error:
            raise ZooError(
                f"{self.path} cannot be written ({error.strerror}); choose a folder that can."
            ) from error
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            stream.close()
            raise ZooError(
                f"Another training is writing to {self.path}; wait for it or give another folder."
            ) from error
        stream.write(str(os.getpid()))
        stream.flush()
        return stream

    def config(self) -> dict[str, Any]:
        """Return config.json.

        Raises:
            ZooError: if this is no run folder.
        """
        if not self.config_path.is_file():
            raise ZooError(
                f"{self.path} is no run folder: it has no config.json; "
                "`zoo train NAME --run-dir FOLDER` makes one."
            )
        return read_json(self.config_path)

    def results(self) -> dict[str, Any] | None:
        """Return results.json, or None while the training is not finished."""
        return read_json(self.results_path) if self.results_path.exists() else None

    def write_history(self, rows: list[dict[str, float]]) -> None:
        """Write history.csv: one row per finished epoch."""
        text = io.StringIO()
        if rows:
            writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        write_text(self.history_path, text.getvalue())


LOCK_NAME = ".lock"


def check_identity(whose: str, recorded: dict[str, Any], given: dict[str, Any]) -> None:
    """Check that two configurations are of the same training.

    Raises:
        ZooError: naming the first difference.
    """
    for key in IDENTITY:
        if recorded.get(key) != given[key]:
            raise ZooError(
                f"{whose} is of another training: its {key} is "
                f"{_difference(recorded.get(key), given[key])}; repeat its settings to go on, or "
                "give another run folder."
            )


def _difference(recorded: Any, given: Any) -> str:
    if isinstance(recorded, dict) and isinstance(given, dict):
        for key in {**recorded, **given}:
            if recorded.get(key) != given.get(key):
                return f"{key} = {recorded.get(key)!r}, not {given.get(key)!r}"
    return f"{recorded!r}, not {given!r}"

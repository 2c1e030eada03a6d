"""The run folder: everything needed to repeat, resume and evaluate a training."""

from __future__ import annotations

import contextlib
import math
import os
import shlex
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from zoo.errors import ZooError
from zoo.registry import describe
from zoo.registry.plugins import check_plugins, recorded_plugins
from zoo.registry.recipes import Recipe
from zoo.registry.solvers import solver_entry
from zoo.training.history import History
from zoo.utils.files import read_json, sha256, write_json

# The parts of config.json that must be equal for a training to be resumed.
IDENTITY = (
    "model",
    "options",
    "architecture",
    "dataset",
    "recipe",
    "seed",
    "precision",
    "solver",
    "start_from",
)
# Parts that config.json of an earlier version lacks.
_OPTIONAL = ("architecture",)


class RunFolder:
    """The folder of a training: config, history, checkpoints, trained model, results.

    Args:
        path: the folder; created when a training opens it.
    """

    def __init__(self, path):
        self.path = Path(path)
        self.config_path = self.path / "config.json"
        self.history_path = self.path / "history.csv"
        self.results_path = self.path / "results.json"
        self.model_path = self.path / "model.keras"
        self.checkpoints_path = self.path / "checkpoints"
        self.logs_path = self.path / "logs"
        self.history_file = History(self.history_path)

    @property
    def option(self) -> str:
        """The command-line option for this folder."""
        return f"--run-dir {shlex.quote(str(self.path))}"

    def check(self, config: dict[str, Any]) -> None:
        """Check that the folder is new or belongs to this training.

        More epochs than before are accepted if the learning rate is constant. Files of a training
        that ended before its first checkpoint are removed.

        Raises:
            ZooError: if the folder belongs to another training or contains other files.
        """
        if not self.config_path.exists():
            if any(entry.name != LOCK_NAME for entry in self.path.iterdir()):
                raise ZooError(
                    f"{self.path} contains other files and no config.json; give an empty folder."
                )
            return
        recorded = self.config()
        if not self.has_progress():
            self.clear()
            return
        check_longer(str(self.path), recorded, config)
        check_identity(str(self.path), _with_more_epochs(recorded, config), config)

    def write_config(self, config: dict[str, Any]) -> None:
        """Write config.json, unless the same training has written it before.

        Raises:
            ZooError: if a file cannot be written.
        """
        if self.config_path.exists():
            recorded = self.config()
            config = _with_more_epochs(recorded, config)
            if config == recorded:
                return
        write_json(self.config_path, config)

    def record_epochs(
        self, recipe: dict[str, Any], recipe_text: str, time_budget: dict[str, float]
    ) -> None:
        """Write into config.json the recipe with the number of epochs that was chosen.

        Args:
            recipe: the recipe as a dict, with its number of epochs.
            recipe_text: its description.
            time_budget: the budget and the pace from which the number was chosen.

        Raises:
            ZooError: if the file cannot be written.
        """
        chosen = {"recipe": recipe, "recipe_text": recipe_text, "time_budget": time_budget}
        write_json(self.config_path, {**self.config(), **chosen})

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Create the folder if necessary, and lock it for this process.

        If it is still empty at the end, it is removed.

        Raises:
            ZooError: if another training has locked it, or it cannot be written.
        """
        from filelock import FileLock, Timeout

        new = [folder for folder in (self.path, *self.path.parents) if not folder.exists()]
        lock = FileLock(self.path / LOCK_NAME)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        except Timeout as error:
            raise ZooError(
                f"Another training is writing to {self.path}; wait for it or give another folder."
            ) from error
        except (OSError, NotImplementedError) as error:
            # A file system may have no locks.
            reason = getattr(error, "strerror", None) or error
            raise ZooError(
                f"{self.path} cannot be written ({reason}); choose a writable folder."
            ) from error
        try:
            yield
        finally:
            # Only while it is locked: afterwards, the file may be another training's lock.
            with contextlib.suppress(OSError):
                if [entry.name for entry in self.path.iterdir()] == [LOCK_NAME]:
                    (self.path / LOCK_NAME).unlink()
            lock.release()
            # rmdir fails for folders that are not empty. Windows removes an open file no earlier.
            with contextlib.suppress(OSError):
                for folder in new:
                    folder.rmdir()

    def check_writable(self) -> None:
        """Check that the folders for logs and checkpoints can be written.

        Raises:
            ZooError: if one cannot.
        """
        for folder in (self.logs_path, self.checkpoints_path):
            try:
                folder.mkdir(exist_ok=True)
                with tempfile.TemporaryFile(dir=folder):
                    pass
            except OSError as error:
                raise ZooError(
                    f"{folder} cannot be written ({error.strerror}); make it writable, or "
                    "give another run folder."
                ) from error

    def has_progress(self) -> bool:
        """Return whether there are checkpoints or results."""
        return self.results_path.exists() or any(self.checkpoints_path.glob("step-*.npz"))

    def clear(self) -> None:
        """Remove the files of a training that has neither checkpoints nor results."""
        if self.has_progress():
            return
        for path in (self.config_path, self.history_path, self.model_path):
            path.unlink(missing_ok=True)
        rehearsals = self.path.glob(f"{REHEARSAL}*")
        for folder in (self.logs_path, self.checkpoints_path, *rehearsals):
            shutil.rmtree(folder, ignore_errors=True)

    def config(self) -> dict[str, Any]:
        """Return config.json.

        Raises:
            ZooError: if this is not a run folder, or config.json is damaged.
        """
        if not self.config_path.is_file():
            raise ZooError(
                f"{self.path} is not a run folder: it has no config.json; "
                "`zoo train NAME --run-dir FOLDER` creates one."
            )
        config = read_json(self.config_path)
        _check_parts(self.config_path, config, _CONFIG)
        _check_parts(self.config_path, config["dataset"], _DATASET)
        check_plugins(str(self.path), recorded_plugins(config))
        return config

    def history(self) -> list[dict[str, float]]:
        """Return the rows of history.csv.

        Raises:
            ZooError: if there is none, or it is damaged.
        """
        return self.history_file.rows()

    def results(self) -> dict[str, Any] | None:
        """Return results.json, or None while the training is not finished.

        Raises:
            ZooError: if it is damaged.
        """
        if not self.results_path.exists():
            return None
        results = read_json(self.results_path)
        _check_parts(self.results_path, results, _RESULTS)
        _check_parts(self.results_path, results["dataset"], _DATASET)
        numbers = [*results["test"].values(), *results["examples"].values()]
        if not all(type(value) in (int, float) and math.isfinite(value) for value in numbers):
            raise ZooError(
                f"{self.results_path} is damaged: a value in it is not a number; restore it, or "
                "remove it and repeat the `zoo train` command."
            )
        return results

    def check_model(self) -> None:
        """Check that model.keras is the model that results.json was measured on.

        Its hash is compared, unless an earlier version wrote results.json without it.

        Raises:
            ZooError: if it is missing or was replaced.
        """
        if not self.model_path.is_file():
            raise ZooError(
                f"{self.path} has no model.keras: the training is not finished, or the file was "
                "removed; the same `zoo train` command with this --run-dir writes it."
            )
        expected = (self.results() or {}).get("model_sha256")
        if expected is not None and sha256(self.model_path) != expected:
            raise ZooError(
                f"{self.model_path} is not the model that {self.results_path.name} was measured "
                "on (its sha256 differs); restore the original file, or train again into a new "
                "folder."
            )

    def write_history(self, rows: list[dict[str, float]]) -> None:
        """Write history.csv: one row per finished epoch, or per λ."""
        self.history_file.write(rows)


LOCK_NAME = ".lock"
# Beginning of the name of the folder in which the pace of a training is measured.
REHEARSAL = ".pace-"


def new_run_dir(name: str) -> Path:
    """Return runs/NAME-DATE-TIME, with -2, -3, … appended if that exists."""
    path = Path("runs") / f"{name}-{datetime.now():%Y%m%d-%H%M%S}"
    number, found = 1, path
    while found.exists():
        number += 1
        found = path.with_name(f"{path.name}-{number}")
    return found


def distinct_names(paths: Sequence[str | Path]) -> list[str]:
    """Return a name for each folder: as many of its last parts as make it unique.

    Raises:
        ZooError: if a folder is given twice.

    >>> distinct_names(["/runs/a/seed0", "/runs/b/seed0", "/runs/b/seed1"])
    ['a/seed0', 'b/seed0', 'seed1']
    """
    parts = [Path(os.path.abspath(path)).parts for path in paths]  # noqa: PTH100  links as given
    twice = [path for path, of in zip(paths, parts, strict=True) if parts.count(of) > 1]
    if twice:
        raise ZooError(f"{twice[0]} is given twice; give each folder once.")
    names = [""] * len(parts)
    for length in range(1, max(map(len, parts), default=0) + 1):
        ends = [Path(*of[-length:]).as_posix() for of in parts]
        counts = Counter(ends)
        names = [
            name or (end if counts[end] == 1 else "") for name, end in zip(names, ends, strict=True)
        ]
    return names


def check_identity(whose: str, recorded: dict[str, Any], given: dict[str, Any]) -> None:
    """Check that two configurations belong to the same training.

    Raises:
        ZooError: if they do not; the message names the first difference.
    """
    if (difference := first_difference(recorded, given)) is None:
        return
    key, found = difference
    if key == "architecture":
        raise ZooError(
            f"{whose} belongs to another training: the code of the model {given['model']}, or of "
            "its Keras layers, has changed since then; give another run folder."
        )
    raise ZooError(
        f"{whose} belongs to another training: its {key} is {found}; repeat its settings to resume "
        "it, or give another run folder."
    )


def first_difference(
    recorded: Mapping[str, Any], given: Mapping[str, Any]
) -> tuple[str, str] | None:
    """Return the first part of two configurations that makes them different trainings.

    Returns:
        its name and what it is, as in ("seed", "1, not 0"); None if they are the same training.
    """
    # An earlier version had fewer options and fields; those that are new have their defaults.
    recorded = {
        **recorded,
        "options": {**describe(given["model"]).options, **(recorded.get("options") or {})},
        "recipe": Recipe.with_defaults(recorded.get("recipe") or {}),
    }
    for key in IDENTITY:
        if recorded.get(key) == given[key] or (key in _OPTIONAL and key not in recorded):
            continue
        return key, _difference(recorded.get(key), given[key])
    return None


def check_longer(whose: str, recorded: dict[str, Any], given: dict[str, Any]) -> None:
    """Check that a training can be continued with more epochs than were recorded.

    Raises:
        ZooError: if its learning rate schedule, or its augmentation, depends on the number of
            epochs.
    """
    before, after = (config["recipe"].get("epochs") for config in (recorded, given))
    longer = isinstance(before, int) and after > before
    if longer and (given["recipe"].get("augmentation") or {}).get("unmixed"):
        raise ZooError(
            f"{whose} was trained without mixup and cutmix in the last of {before} epochs, so it "
            f"cannot continue to {after}; train {after} epochs from the start, with another run "
            "folder."
        )
    if longer and given["recipe"].get("schedule") != "constant":
        raise ZooError(
            f"{whose} was trained with a learning rate that fell to 0 over {before} epochs "
            f"(schedule {given['recipe'].get('schedule')}), so it cannot continue to {after}; "
            f"train {after} epochs from the start, with another run folder."
        )


def check_dataset(
    whose: str, targets: Sequence[str], fingerprint: str | None, dataset: Any
) -> None:
    """Check that a data set is the one that a model was trained on.

    Args:
        whose: the trained model, for the error message.
        targets: `target_names` of its data set.
        fingerprint: fingerprint of its data set; None to accept another data set with the same
            targets.
        dataset: a `zoo.data.Dataset`.

    Raises:
        ZooError: if the labels or values differ, or the fingerprint does.
    """
    given = dataset.target_names
    if tuple(targets) != given:
        what = "labels" if dataset.labels else "values"
        raise ZooError(
            f"{whose} predicts {_list(targets)}, but the data set {dataset.name} has the "
            f"{what} {_list(given)}; give data with the same {what}."
        )
    if fingerprint not in (None, dataset.fingerprint):
        raise ZooError(
            f"{whose} was trained on data of fingerprint {fingerprint}, but {dataset.name} has "
            f"{dataset.fingerprint} here; give the --data-dir it was trained on, or choose "
            f"this one with --dataset {dataset.name}."
        )


def _list(labels: Sequence[str]) -> str:
    shown = ", ".join(repr(label) for label in list(labels)[:5])
    return shown + (f" and {len(labels) - 5} more" if len(labels) > 5 else "")


def _with_more_epochs(recorded: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Return a recorded configuration with the number of epochs given now, if it is larger."""
    before, after = (config["recipe"].get("epochs") for config in (recorded, given))
    reads = solver_entry(given["solver"]["name"]).reads
    # What follows the epochs of gradient descent cannot go on from other weights.
    only_epochs = "epochs" in reads and "iterations" not in reads
    if not isinstance(before, int) or after <= before or not only_epochs:
        return recorded
    recipe = {**recorded["recipe"], "epochs": after, "note": given["recipe"]["note"]}
    return {**recorded, "recipe": recipe, "recipe_text": given["recipe_text"]}


# The entries of a run's files that are read, and their types.
_CONFIG = {
    "model": str,
    "options": dict,
    "dataset": dict,
    "data_dir": (str, type(None)),
    "recipe": dict,
    "seed": int,
    "precision": str,
    "solver": dict,
}
_DATASET = {"name": str, "fingerprint": str, "labels": list}
_RESULTS = {"model": str, "dataset": dict, "examples": dict, "epochs": int, "test": dict}


def _check_parts(path: Path, content: Any, parts: Mapping[str, Any]) -> None:
    if not isinstance(content, dict):
        raise ZooError(f"{path} is damaged: it does not contain a JSON object; restore it.")
    for name, kind in parts.items():
        if not isinstance(content.get(name), kind):
            how = "has the wrong type" if name in content else "is missing"
            raise ZooError(
                f"{path} is damaged: {name!r} {how}; restore the original file, or train again "
                "into a new folder."
            )


def _difference(recorded: Any, given: Any) -> str:
    if isinstance(recorded, dict) and isinstance(given, dict):
        for key in {**recorded, **given}:
            if recorded.get(key) != given.get(key):
                return f"{key} = {recorded.get(key)!r}, not {given.get(key)!r}"
    return f"{recorded!r}, not {given!r}"

"""Finished trainings of one model side by side, by their validation accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from records.keeping import keep
from zoo.errors import ZooError
from zoo.models import describe
from zoo.training.run_folder import RunFolder


def trials(runs: Sequence[Path]) -> None:
    """Write docs/results/MODEL-trials.md: a row for each run, the best last.

    Args:
        runs: folders of finished trainings of one model on one data set.

    Raises:
        ZooError: for a run that is not finished, or of another model or data set than the first.
    """
    rows: list[dict[str, Any]] = []
    first = RunFolder(runs[0]).config()
    metric = describe(first["model"]).task.primary.name
    for run in runs:
        config, results = RunFolder(run).config(), RunFolder(run).results()
        if results is None:
            raise ZooError(f"The training in {run} is not finished; resume it with `zoo train`.")
        for key in ("model", "dataset"):
            if config[key] != first[key]:
                raise ZooError(f"{run} has another {key} than {runs[0]}; compare them apart.")
        shown = {name: results["history"][name] for name in (metric, f"val_{metric}")}
        rows.append({"recipe": config["recipe_text"], "seed": config["seed"], **shown})
    rows.sort(key=lambda row: row[f"val_{metric}"])
    description = (
        f"Whole trainings of {first['model']} with other recipes than the published ones, and "
        f"what they reached. {metric} is of augmented training examples, val_{metric} of "
        "validation examples, by which the recipes were compared."
    )
    keep(f"{first['model']}-trials", description, rows, first["dataset"])

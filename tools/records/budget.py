"""The validation accuracy of deep_relu for time budgets, beside that of the fixed recipes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from records.keeping import FOLDER, keep
from zoo import training
from zoo.errors import ZooError
from zoo.models import describe
from zoo.registry.recipes import Recipe
from zoo.training.reporter import Silent
from zoo.training.run_folder import RunFolder
from zoo.training.time_budget import TimeBudgetError
from zoo.utils.choices import require_choice

MODEL = "deep_relu"
_CURVE_ROW = re.compile(r"\| (\d+) \| ([\d.e+-]+) \| [\d.]+ \| ([\d.]+) \|")


class Printed(Silent):
    """Prints what is said of the time budget."""

    def say(self, sentence):
        """Print a sentence on the time budget."""
        if "time budget" in sentence.lower():
            print(sentence, flush=True)


def budgets(folder: Path, minutes: Sequence[float], recipes: Sequence[str]) -> None:
    """Train deep_relu with every recipe and time budget, and write a row for each.

    Run folders are FOLDER/RECIPE-MINUTES; one that is finished is read, one that was interrupted is
    resumed, so that the same command goes on on another day, or with further budgets.

    Args:
        folder: for the run folders.
        minutes: the time budgets.
        recipes: the recipes whose numbers, besides the epochs, are used.
    """
    spec = describe(MODEL)
    for name in recipes:
        require_choice(f"recipe of {MODEL}", name, spec.recipes)
    for minute in minutes:
        for name in recipes:
            run = folder / f"{name}-{minute:g}"
            text = f"{minute:g} minutes"
            try:
                training.train(
                    MODEL, recipe=name, time_budget=text, run_dir=run, reporter=Printed()
                )
            except TimeBudgetError as error:
                print(f"{name}: {error}", flush=True)
            else:
                _write(folder, spec.recipes)


def _write(folder: Path, recipes: dict[str, Recipe]) -> None:
    """Write docs/results/budget.md from the finished runs in a folder."""
    found = [row for path in folder.iterdir() if (row := _row(path, recipes))]
    if not found:
        raise ZooError(f"No training in {folder} is finished.")
    rows, datasets = zip(*sorted(found, key=lambda of: of[0]["budget, minutes"]), strict=True)
    description = (
        f"{MODEL} with `zoo train {MODEL} --recipe RECIPE --time-budget …`: the recipe's numbers "
        "with as many epochs as fit, the learning rate falling over them, seed 0. Accuracies are "
        "of validation photos after the last epoch, in %; the test set was not used. The seconds "
        "per epoch are those of the machine while these trainings ran, beside them those of an "
        "idle one. Fixed: the recipe trained for its own number of epochs, after as many of them "
        "(its learning rate is still high then) and after all, from its own page here; empty where "
        "there is none. Further budgets: the same command, with the same folder."
    )
    keep("budget", description, list(rows), datasets[0])


def _row(path: Path, recipes: dict[str, Recipe]) -> tuple[dict, dict] | None:
    """Return the row of a run and its data set; None if it is not finished."""
    folder = RunFolder(path)
    if not folder.config_path.is_file() or (results := folder.results()) is None:
        return None
    config = folder.config()
    name, budget = config["recipe_name"], config["time_budget"]
    curve = _curve(name)
    epochs = results["epochs"]
    beside = [row for row in curve if row[0] <= epochs]
    row = {
        "budget, minutes": budget["seconds"] / 60,
        "recipe": f"`{name}`",
        "epochs": epochs,
        "seconds per epoch": budget["seconds_per_epoch"],
        "idle": 60 * curve[0][1] / curve[0][0] if curve else "",
        "accuracy": _percent(results["history"]["val_accuracy"]),
        "fixed, as many epochs": f"{_percent(beside[-1][2])} ({beside[-1][0]})" if beside else "",
        "fixed, all epochs": f"{_percent(curve[-1][2])} ({recipes[name].epochs}, in "
        f"{curve[-1][1]:.0f} minutes)"
        if curve
        else "",
    }
    return row, results["dataset"]


def _curve(recipe: str) -> list[tuple[int, float, float]]:
    """Return (epoch, minutes, validation accuracy) of a recipe's page in docs/results."""
    path = FOLDER / f"{MODEL}-{recipe}.md"
    if not path.is_file():
        return []
    matches = _CURVE_ROW.finditer(path.read_text(encoding="utf-8"))
    return [(int(match[1]), float(match[2]), float(match[3])) for match in matches]


def _percent(accuracy: float) -> str:
    return f"{100 * accuracy:.1f}"

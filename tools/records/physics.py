"""Physics-informed networks against exact solutions, over several seeds."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from records.keeping import keep
from records.trainings import record_recipe, train_figure
from zoo import training
from zoo.data.burgers import VISCOSITY
from zoo.data.oscillators import DAMPING, STIFFNESS
from zoo.errors import ZooError
from zoo.models import describe
from zoo.utils.choices import require_choice


@dataclass(frozen=True)
class Problem:
    """What is trained, and what is known of it.

    Args:
        recipe: a recipe of the model.
        changes: fields of the recipe that differ.
        settings: further arguments of `zoo.train`.
        coefficients: the true values of the estimated coefficients.
        most_seeds: with how many seeds at most.
    """

    recipe: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    coefficients: Mapping[str, float] = field(default_factory=dict)
    most_seeds: int = 100

    def words(self, name: str) -> str:
        """Return what is trained as the command, and what of the recipe differs."""
        given = {"recipe": self.recipe, **self.settings}
        options = " ".join(f"--{key} {value}" for key, value in given.items())
        changed = "".join(f", {key} = {value}" for key, value in self.changes.items())
        return f"`zoo train {name} {options}`{changed}"


PROBLEMS: dict[str, tuple[Problem, ...]] = {
    "pinn_oscillator": (
        Problem("best"),
        Problem(
            "inverse",
            settings={"dataset": "oscillator_noisy"},
            coefficients={"damping": DAMPING, "stiffness": STIFFNESS},
        ),
        Problem("plain"),
        Problem("best", {"update": "bfgs"}),
    ),
    "pinn_poisson": (
        Problem("best"),
        Problem("best", settings={"dataset": "poisson"}),
        Problem("penalised"),
        Problem("best", {"update": "bfgs"}),
    ),
    "pinn_burgers": (
        Problem("best"),
        Problem(
            "inverse",
            settings={"dataset": "burgers_noisy"},
            coefficients={"viscosity": VISCOSITY},
        ),
        Problem("penalised", most_seeds=3),
        Problem("best", {"update": "bfgs"}, most_seeds=2),
    ),
}


def physics(name: str, seeds: int) -> None:
    """Train a model's problems with several seeds and write errors and times.

    The results of recipes on the model's own data set are also written to results.csv.

    Args:
        name: one of `PROBLEMS`.
        seeds: how many, 0, 1, ….
    """
    require_choice("model", name, PROBLEMS)
    if seeds < 1:
        raise ZooError(f"The number of seeds is {seeds}; give 1 or more.")
    description = (
        f"{name}: relative L2 error against the exact solution on the test points, over "
        "seeds from 0, and errors of estimated coefficients. CPU minutes: processor time "
        "of one training with its evaluations, of all threads together; the largest of the seeds."
    )
    rows: list[dict[str, Any]] = []
    datasets: dict[str, dict[str, Any]] = {}
    for problem in PROBLEMS[name]:
        row, dataset = _row(name, problem, seeds)
        rows.append(row)
        datasets[dataset["name"]] = dataset
        print(row, flush=True)
        keep(name, description, _filled(rows), *datasets.values())


def _row(name: str, problem: Problem, seeds: int) -> tuple[dict[str, Any], dict[str, Any]]:
    spec = describe(name)
    recipe: Any = problem.recipe
    if problem.changes:
        recipe = replace(spec.recipes[problem.recipe], **problem.changes)
    found, published, minutes = [], [], []
    count = min(seeds, problem.most_seeds)
    for seed in range(count):
        started = time.process_time()
        with tempfile.TemporaryDirectory() as folder:
            results = training.train(
                name, recipe=recipe, seed=seed, run_dir=folder, **problem.settings
            )
            minutes.append((time.process_time() - started) / 60)
            figure = results["test"][spec.task.primary.name]
            published.append((figure, train_figure(spec, folder)))
        found.append(results["test"])
        print(name, problem.recipe, seed, found[-1], f"{minutes[-1]:.2f} minutes", flush=True)
    if not problem.changes and not problem.settings:
        record_recipe(spec, problem.recipe, published, statistics.median(minutes), results)
    errors = [figures["relative_l2"] for figures in found]
    row = {
        "training": problem.words(name),
        "seeds": count,
        "median": f"{statistics.median(errors):.1e}",
        "worst": f"{max(errors):.1e}",
        **{
            f"{coefficient}, worst error": f"{_worst(found, coefficient, truth):.2f} %"
            for coefficient, truth in problem.coefficients.items()
        },
        "CPU minutes": f"{max(minutes):.1f}",
    }
    return row, results["dataset"]


def _worst(found: list[dict[str, float]], name: str, truth: float) -> float:
    return max(100 * abs(figures[name] / truth - 1) for figures in found)


def _filled(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows with the same columns, "" where a row has none."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    columns.sort(key=lambda name: name == "CPU minutes")
    return [{name: row.get(name, "") for name in columns} for row in rows]

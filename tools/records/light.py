"""Accuracy on corrupted validation photos, with and without photos scaled by their own light."""

from __future__ import annotations

import hashlib
import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from records.keeping import keep
from zoo import data, training
from zoo.data.corruptions import CORRUPTIONS, accuracies
from zoo.errors import ZooError
from zoo.models import describe
from zoo.nn import loading
from zoo.registry.recipes import Augmentation, Recipe
from zoo.training.run_folder import RunFolder
from zoo.utils.files import read_json, write_json

_PLAIN, _SHORT = "plain", "short"
_FOUND = "light.json"
_BATCH = 500

# What can be trained several times in an hour.
_DEEP = Recipe(
    epochs=8,
    batch_size=256,
    learning_rate=2e-3,
    optimizer="adamw",
    weight_decay=0.1,
    schedule="cosine",
    warmup=0.1,
    label_smoothing=0.1,
    augmentation=Augmentation(flip=True, shift=3, zoom=0.12, rotation=8, shear=0.1),
    precision="mixed_bfloat16",
    options={"depth": 2, "width": 512, "normalization": "batch"},
)
# The changes of light and what is hidden, as augmentation.
_AMOUNTS = {"brightness": 0.25, "contrast": 0.5, "cutout": 16, "cutmix": 1.0, "unmixed": 1 / 6}


@dataclass(frozen=True)
class Variant:
    """A row of the table.

    Args:
        model: the model's name.
        text: what distinguishes the recipe.
        recipe: the recipe.
    """

    model: str
    text: str
    recipe: Recipe

    @property
    def seeds_matter(self) -> bool:
        """Whether another seed trains other weights; a solver's minimum is the same for all."""
        return self.recipe.solver == "gradient"

    def run(self, folder: Path, seed: int) -> Path:
        """Return the run folder of this variant with a seed."""
        numbers = json.dumps(asdict(self.recipe), sort_keys=True)
        return folder / f"{self.model}-{hashlib.sha256(numbers.encode()).hexdigest()[:8]}-{seed}"


def variants(epochs: int) -> list[Variant]:
    """Return the rows of the table; `epochs` is for deep_relu."""
    found = []
    for model, name in (
        ("linear_cat_dog", "best"),
        ("cifar_softmax", "rgb"),
        ("cifar_softmax", "best"),
    ):
        recipe = describe(model).recipes[name]
        found.append(Variant(model, f"`{name}`", recipe))
        found.append(Variant(model, f"`{name}`, standardized", _standardized(recipe)))
    deep = replace(_DEEP, epochs=epochs)
    assert deep.augmentation is not None
    lit = replace(deep, augmentation=replace(deep.augmentation, **_AMOUNTS))
    return [
        *found,
        Variant("deep_relu", _SHORT, deep),
        Variant("deep_relu", f"{_SHORT}, standardized", _standardized(deep)),
        Variant("deep_relu", f"{_SHORT}, more augmentation", lit),
        Variant("deep_relu", f"{_SHORT}, standardized, more augmentation", _standardized(lit)),
    ]


def _standardized(recipe: Recipe) -> Recipe:
    return replace(recipe, options={**recipe.options, "standardize_photos": True}, note="")


def light(folder: Path, epochs: int, seeds: int, finished: Path | None = None) -> None:
    """Train every variant with several seeds, and write the table of corruptions.

    Each training has a run folder. What is finished is not trained again, and what was interrupted
    is resumed, so that the command can be run in pieces; the table is written after each training.

    Args:
        folder: where the run folders are.
        epochs: passes of deep_relu over the training examples.
        seeds: how many trainings of each variant that depends on the seed.
        finished: has run folders MODEL-RECIPE-SEED of recipes that take longer, such as those of
            `results.py recipes --runs`; those that are finished are measured, too.

    Raises:
        ZooError: for a number below 1.
    """
    if min(epochs, seeds) < 1:
        raise ZooError(f"There are {epochs} epochs and {seeds} seeds; give 1 or more of each.")
    record(folder, variants(epochs), seeds, long_runs(finished))


def long_runs(folder: Path | None) -> dict[tuple[str, str], list[Path]]:
    """Return the finished runs in a folder by model and recipe; measure those that are not yet."""
    if folder and not folder.is_dir():
        raise ZooError(
            f"There is no folder {folder}; give one with run folders of finished trainings."
        )
    found: dict[tuple[str, str], list[Path]] = {}
    for run in sorted(folder.iterdir()) if folder else []:
        if RunFolder(run).results() is None:
            continue
        if not (run / _FOUND).is_file():
            write_json(run / _FOUND, measured(run))
        config = RunFolder(run).config()
        found.setdefault((config["model"], f"`{config['recipe_name']}`"), []).append(run)
    return found


def record(
    folder: Path,
    rows: Sequence[Variant],
    seeds: int,
    others: Mapping[tuple[str, str], Sequence[Path]] = MappingProxyType({}),
) -> None:
    """Train and measure what is not finished in a folder, and write the table.

    Args:
        folder: where the run folders are.
        rows: the variants.
        seeds: how many trainings of each variant that depends on the seed.
        others: further runs for the table, finished and measured, by model and recipe.
    """
    for variant, seed in pieces(rows, seeds):
        run = variant.run(folder, seed)
        if not (run / _FOUND).is_file():
            training.train(variant.model, recipe=variant.recipe, options={}, seed=seed, run_dir=run)
            write_json(run / _FOUND, measured(run))
        print(variant.model, variant.text, seed, read_json(run / _FOUND), flush=True)
        write(folder, rows, seeds, others)


def pieces(rows: Sequence[Variant], seeds: int) -> Iterator[tuple[Variant, int]]:
    """Return the trainings: one seed of every variant before the next; then those of any seed."""
    for seed in range(seeds):
        yield from ((row, seed) for row in rows if row.seeds_matter)
    yield from ((row, 0) for row in rows if not row.seeds_matter)


def measured(run: Path) -> dict[str, float]:
    """Return the accuracy of a finished run on validation photos, plain and under corruptions."""
    config = RunFolder(run).config()
    dataset = data.load_again(config["dataset"], config["data_dir"])
    model = loading.load_model(run)
    task = describe(config["model"]).task_of(model)

    def decide(photos):
        outputs = model.predict(np.asarray(photos), batch_size=_BATCH, verbose=0)
        return task.predictions(outputs)

    split = dataset.validation
    plain = float(np.mean(decide(split.x) == split.y))
    return {_PLAIN: plain, **accuracies(decide, split, dataset.labels)["corruptions"]}


def write(
    folder: Path,
    rows: Sequence[Variant],
    seeds: int,
    others: Mapping[tuple[str, str], Sequence[Path]],
) -> None:
    """Write the table of all trainings that are finished to docs/results/light.md."""
    table: list[dict[str, Any]] = []
    datasets: dict[str, dict[str, Any]] = {}
    for row in rows:
        runs = [row.run(folder, seed) for seed in range(seeds)]
        runs = [run for run in runs if (run / _FOUND).is_file()]
        if runs:
            found = [read_json(run / _FOUND) for run in runs]
            seen = str(len(runs)) if row.seeds_matter else "any"
            table.append({"model": row.model, "recipe": row.text, "seeds": seen, **_cells(found)})
            dataset = RunFolder(runs[0]).config()["dataset"]
            datasets[dataset["name"]] = dataset
    for (model, text), runs in others.items():
        found = [read_json(run / _FOUND) for run in runs]
        table.append({"model": model, "recipe": text, "seeds": str(len(runs)), **_cells(found)})
    short = "".join(f" {row.text}: {row.recipe.text()}" for row in rows if row.text == _SHORT)
    amounts = Augmentation(**_AMOUNTS)
    changes = "; ".join(f"{name}: {text}" for name, (text, _) in CORRUPTIONS.items())
    description = (
        "Accuracy in % on validation photos, as they are (plain) and corrupted, and in parentheses "
        f"the points gained or lost by the corruption ({changes}); mean ± standard deviation over "
        "seeds. The test set was not used to write this table. standardized: the option "
        "`standardize_photos`, with which each photo is scaled by its own mean and deviation. "
        "Solvers other than gradient descent find the same minimum for any seed. `best`, "
        f"`compact` and `rgb` are the models' recipes;{short} more augmentation: {amounts.text()}. "
        "So few epochs favour weak augmentation."
    )
    wanted = list(pieces(rows, seeds))
    missing = sum(not (row.run(folder, seed) / _FOUND).is_file() for row, seed in wanted)
    if missing:
        description += (
            f" {missing} of {len(wanted)} trainings are missing so far; the same command goes on."
        )
    keep("light", description, table, *datasets.values())


def _cells(found: Sequence[dict[str, float]]) -> dict[str, str]:
    cells = {}
    for name in (_PLAIN, *CORRUPTIONS):
        figures = [100 * of[name] for of in found]
        cell = f"{statistics.fmean(figures):.1f}"
        if len(figures) > 1:
            cell += f" ± {statistics.stdev(figures):.1f}"
        if name != _PLAIN:
            change = statistics.fmean(100 * (of[name] - of[_PLAIN]) for of in found)
            cell += f" ({change:+.1f})".replace("-", "−")
        cells[name] = cell
    return cells

"""Records of trainings: ablations, accuracy against minutes, and accuracy over seeds."""

import contextlib
import csv
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from records.keeping import keep
from zoo import data, training
from zoo.errors import ZooError
from zoo.models import describe
from zoo.nn import loading
from zoo.registry import ModelSpec
from zoo.registry.results import Result, record, result_of
from zoo.training.settings import TABLE
from zoo.utils.choices import require_choice
from zoo.utils.provenance import machine, versions

# One change of a recipe at a time: what was tried for the long recipes of deep_relu.
CHANGES = {
    "as it is": {},
    "whole photos instead of patches": {"options": {"patch": 0}},
    "whole photos, first layer on whitened components": {
        "options": {"patch": 0},
        "whitening": 1.0,
        "components": 1024,
    },
    "patches of 7 pixels": {"options": {"patch": 7}},
    "patches of 13 pixels": {"options": {"patch": 13}},
    "four hidden layers": {"options": {"depth": 4}},
    "width 1024": {"options": {"width": 1024}},
    "width 1536, batches of 512, learning rate 0.004": {
        "batch_size": 512,
        "learning_rate": 4e-3,
        "options": {"width": 1536},
    },
    "weight decay 0.3": {"weight_decay": 0.3},
    "lion, learning rate 0.0003": {
        "optimizer": "lion",
        "learning_rate": 3e-4,
        "weight_decay": 1.0,
    },
    "weights averaged with decay 0.999": {"averaging": 0.999},
    "no deformation": {"augmentation": {"zoom": 0.0, "rotation": 0.0, "shear": 0.0}},
    "a gray square of 16 pixels": {"augmentation": {"cutout": 16}},
    "mixup 0.2, cutmix 1, not in the last sixth": {
        "augmentation": {"mixup": 0.2, "cutmix": 1.0, "unmixed": 1 / 6},
    },
}


def search(recipe: str, epochs: int, runs: Path | None = None) -> None:
    """Train a recipe of deep_relu, and variants of it, for fewer epochs.

    Args:
        recipe: the recipe's name.
        epochs: of each training.
        runs: keeps the run folders, so that the same command goes on with what is not finished.
    """
    spec = describe("deep_relu")
    require_choice("recipe of deep_relu", recipe, spec.recipes)
    base = replace(spec.recipes[recipe], epochs=epochs)
    rows = []
    for change, fields in CHANGES.items():
        augmentation = replace(base.augmentation, **fields.get("augmentation", {}))
        options = {**base.options, **fields.get("options", {})}
        variant = replace(base, **fields | {"augmentation": augmentation, "options": options})
        with _run_folder(runs, f"{recipe}-{epochs}-{re.sub('[^a-z0-9]+', '-', change)}") as run:
            results = training.train("deep_relu", recipe=variant, seed=0, run_dir=run)
        last = results["history"]
        shown = ("loss", "accuracy", "val_loss", "val_accuracy")
        rows.append({"change": change, **{key: last[key] for key in shown}})
        print(rows[-1], flush=True)
        description = (
            f"deep_relu's recipe `{recipe}` with one change at a time, trained for {epochs} epochs "
            "with seed 0. loss and accuracy are of augmented training photos, val_loss and "
            "val_accuracy of validation photos; the test set was not used. Short trainings favour "
            "settings that converge fast: augmentation helps only in longer ones."
        )
        keep("deep_relu-search", description, rows, results["dataset"])


def curve(run: Path) -> None:
    """Record a run's accuracy against minutes, timed on this idle machine, and its result.

    The result of several seeds of the same recipe stays.
    """
    from zoo.training.run_folder import RunFolder

    folder = RunFolder(run)
    config, results = folder.config(), folder.results()
    if results is None:
        raise ZooError(f"The training in {run} is not finished; resume it with `zoo train`.")
    with folder.history_path.open(encoding="utf-8", newline="") as stream:
        history = list(csv.DictReader(stream))
    spec = describe(config["model"])
    recipe = spec.recipes.get(config["recipe_name"])
    if recipe is None or recipe.text() != config["recipe_text"]:
        raise ZooError(
            f"{run} was not trained by the recipe {config['recipe_name']!r} as it stands: its "
            "options, epochs or other numbers differ; train it anew."
        )
    metric = spec.task.primary
    _, minutes = trained(spec.name, replace(recipe, epochs=2), seed=0)
    shown = {1, 2, 5, *range(10, len(history), 10), len(history)}
    rows = [
        {
            "epoch": number,
            "minutes": number * minutes,
            **{name: float(row[name]) for name in (metric.name, f"val_{metric.name}")},
        }
        for number, row in enumerate(history, start=1)
        if number in shown
    ]
    description = (
        f"{spec.name}, recipe `{config['recipe_name']}`: {config['recipe_text']} Test "
        f"{metric.title} after training: {metric.text(results['test'][metric.name])}. "
        f"{metric.name} is of augmented training photos, val_{metric.name} of validation photos. "
        "minutes: epochs times the time of one epoch with validation, on an idle machine."
    )
    keep(f"{spec.name}-{config['recipe_name']}", description, rows, results["dataset"])
    known = result_of(spec.name, config["recipe_name"])
    if known is None or known.seeds == 1 or known.text != recipe.text():
        found = [(results["test"][metric.name], train_figure(spec, run))]
        record_recipe(spec, config["recipe_name"], found, len(history) * minutes, results)


def measured(spec: ModelSpec) -> list[str]:
    """Return the recipes that are measured on the model's own data set.

    It is no table and no photos of people, and has no observations from which coefficients could
    be estimated.
    """
    return [
        name
        for name, recipe in spec.recipes.items()
        if name not in (TABLE, "photos") and not recipe.options.get("estimate")
    ]


def recipes(names: list[str], count: int, runs: Path | None = None) -> None:
    """Train recipes, given as "MODEL" (all of them) or "MODEL:RECIPE", with several seeds.

    Args:
        names: the recipes.
        count: how many seeds, from 0 on.
        runs: keeps the run folders, so that the same command goes on with what is not finished;
            the minutes are then epochs times the time of one epoch, on an idle machine.

    Raises:
        ZooError: for a number below 1.
    """
    if count < 1:
        raise ZooError(f"The number of seeds is {count}; give 1 or more.")
    for name in names:
        model, colon, only = name.partition(":")
        spec = describe(model)
        for recipe in [only] if colon else measured(spec):
            require_choice(f"recipe of {model}", recipe, spec.recipes)
            found, minutes = [], []
            for seed in range(count):
                with _run_folder(runs, f"{model}-{recipe}-{seed}") as folder:
                    started = time.perf_counter()
                    results = training.train(model, recipe=recipe, seed=seed, run_dir=folder)
                    minutes.append((time.perf_counter() - started) / 60)
                    figure = results["test"][spec.task.primary.name]
                    found.append((figure, train_figure(spec, folder)))
                print(model, recipe, seed, *found[-1], f"{minutes[-1]:.2f} minutes", flush=True)
            typical = statistics.median(minutes)
            if runs is not None:
                _, of_epoch = trained(model, replace(spec.recipes[recipe], epochs=2), seed=0)
                typical = results["epochs"] * of_epoch
            record_recipe(spec, recipe, found, typical, results)


@contextlib.contextmanager
def _run_folder(runs: Path | None, name: str) -> Iterator[Path]:
    """Yield a run folder: `name` in `runs`, or one that is removed afterwards."""
    if runs is not None:
        yield runs / name
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)


def train_figure(spec, run) -> float:
    """Return the primary metric of a run's model on its training examples as they are."""
    split = data.load(spec.dataset).train
    model = loading.load_model(run)
    task = spec.task_of(model)
    outputs = model.predict(split.x, batch_size=1000, verbose=0)
    return task.measure(outputs, split.y)[task.primary.name]


def record_recipe(spec, recipe, found, minutes, results) -> None:
    """Write a recipe's result to results.csv.

    Args:
        spec: the model's specification.
        recipe: the recipe's name.
        found: for each seed, the primary metric on the test set and on the training examples.
        minutes: duration of one training.
        results: those of one training, with its data set.
    """
    figures, train_figures = zip(*found, strict=True)
    dataset = results["dataset"]
    record(
        Result(
            model=spec.name,
            recipe=recipe,
            text=spec.recipes[recipe].text(),
            seeds=len(figures),
            metric=spec.task.primary.name,
            test=statistics.fmean(figures),
            train=statistics.fmean(train_figures),
            deviation=statistics.stdev(figures) if len(figures) > 1 else None,
            minutes=minutes,
            dataset=f"{dataset['name']} {dataset['fingerprint']}",
            machine=machine(),
            versions=", ".join(f"{key} {number}" for key, number in versions().items()),
        )
    )


def trained(name, recipe, seed) -> tuple[dict, float]:
    """Return the results of one training and the minutes of its last epoch."""
    from zoo.training.reporter import Silent

    class Clock(Silent):
        seconds = 0.0

        def epoch_begin(self, position, epochs, steps, batch_size):
            self.began = time.perf_counter()

        def epoch_end(self, row):
            self.seconds = time.perf_counter() - self.began

    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        results = training.train(name, recipe=recipe, seed=seed, run_dir=folder, reporter=clock)
    return results, clock.seconds / 60

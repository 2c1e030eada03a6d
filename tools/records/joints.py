"""Accuracy of joint_classifier on drawn and on real patches, beside HOG and LogisticRegression."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from records.hog import hog
from records.keeping import keep
from records.together import together
from zoo import data, training
from zoo.data import Dataset
from zoo.data.dataset import SPLITS
from zoo.errors import ZooError
from zoo.nn import loading

MODEL = "joint_classifier"
_CELLS = (4, 8)
_PENALTIES = (0.01, 0.03, 0.1, 0.3, 1.0)
# Drawn patches are about nine times as many as real ones.
_REPEATS = 3
_BATCH = 1000


class Step(NamedTuple):
    """One training.

    Args:
        recipe: of the model.
        trained_on: for the table.
        dataset: to train on.
        start: what a training by the recipe `best` was on whose weights this one starts from.
    """

    recipe: str
    trained_on: str
    dataset: Dataset
    start: str | None = None


def joints(folder: Path, seeds: int) -> None:
    """Write the test accuracies on drawn and real patches, by what a model was trained on.

    Args:
        folder: of photos and points, as `joints:FOLDER` takes it.
        seeds: trainings of each kind.

    Raises:
        ZooError: for fewer seeds than 1, or if the labels of the folder are not those of `figures`.
    """
    if seeds < 1:
        raise ZooError(f"The number of seeds is {seeds}; give 1 or more.")
    drawn, real = data.load("figures"), data.load(f"joints:{folder}")
    if drawn.labels != real.labels:
        raise ZooError(f"The joints of {folder} are {real.labels}; {drawn.labels} are needed.")
    description = (
        "Test accuracy in % of classifiers of patches, "
        f"{len(drawn.labels) - 1} joints and background, "
        f"on {len(drawn.test):,} patches of drawn people and on {len(real.test):,} patches of "
        f"photos ({_share(real)} of them background), by the training data: {len(drawn.train):,} "
        f"drawn patches, {len(real.train):,} of photos, or both, those of photos {_REPEATS} times. "
        '"drawn, then real" starts the training on photos from the weights of the training on '
        "drawn people. All photos of a person, and all backgrounds, are in one split; validation "
        "data are of the kind that is trained on, of photos for both. Mean ± standard deviation "
        f"over {seeds} seeds. HOG: {', '.join(f'{cell} × {cell}' for cell in _CELLS)} pixels per "
        "cell, 9 orientations, blocks of 2 × 2 cells, L2-Hys; cell and C of LogisticRegression are "
        f"chosen on the validation data (scikit-learn {version('scikit-learn')})."
    )
    tests = {"drawn": drawn.test, "real": real.test}
    both = together(drawn, real, _REPEATS, "drawn and real patches")
    steps = (
        Step("linear", "drawn", drawn),
        Step("linear", "real", real),
        Step("best", "drawn", drawn),
        Step("photos", "real", real),
        Step("best", "drawn and real", both),
        Step("photos", "drawn, then real", real, start="drawn"),
    )
    anchor = [_anchor(real, tests)]
    found: dict[Step, list[dict[str, float]]] = {step: [] for step in steps}
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as folder_of_runs:
            for step in steps:
                found[step].append(_trained(step, seed, Path(folder_of_runs), tests))
                print(step.recipe, step.trained_on, seed, found[step][-1], flush=True)
        rows = [_row("HOG, LogisticRegression", "real", anchor)]
        rows += [_row(f"{MODEL}, recipe `{s.recipe}`", s.trained_on, of) for s, of in found.items()]
        # After each seed, as all of them take long.
        keep("joints", description, rows, drawn.identity(), real.identity())


def _row(model: str, trained_on: str, found: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    return {"model": model, "trained on": trained_on} | {
        f"{of} test": _text([one[of] for one in found]) for of in found[0]
    }


def _text(figures: Sequence[float]) -> str:
    mean = f"{statistics.fmean(figures):.2f}"
    return f"{mean} ± {statistics.stdev(figures):.2f}" if len(figures) > 1 else mean


def _share(dataset: Dataset) -> str:
    """Return the share of the last class, the background, among test examples."""
    return f"{100 * np.mean(dataset.test.y == len(dataset.labels) - 1):.0f} %"


def _anchor(dataset: Dataset, tests: Mapping[str, data.Split]) -> dict[str, float]:
    """Return the test accuracies of the best candidate on validation data."""
    from sklearn.linear_model import LogisticRegression

    best: tuple[float, int, Any] = (-1.0, 0, None)
    for cell in _CELLS:
        x = {split: hog(np.asarray(getattr(dataset, split).x), cell) for split in SPLITS[:2]}
        for penalty in _PENALTIES:
            fitted = LogisticRegression(C=penalty, max_iter=500).fit(x["train"], dataset.train.y)
            score = fitted.score(x["validation"], dataset.validation.y)
            if score > best[0]:
                best = (score, cell, fitted)
    _, cell, fitted = best
    return {
        of: 100 * fitted.score(hog(np.asarray(split.x), cell), split.y)
        for of, split in tests.items()
    }


def _trained(
    step: Step, seed: int, folder: Path, tests: Mapping[str, data.Split]
) -> dict[str, float]:
    """Return the test accuracies after a training in a folder named by what it is trained on."""
    run = folder / f"{step.recipe} {step.trained_on}"
    training.train(
        MODEL,
        recipe=step.recipe,
        dataset=step.dataset,
        seed=seed,
        run_dir=run,
        start_from=folder / f"best {step.start}" if step.start else None,
    )
    model = loading.load_model(run)
    return {
        of: 100 * float(np.mean(_predictions(model, split.x) == split.y))
        for of, split in tests.items()
    }


def _predictions(model: Any, x: Any) -> np.ndarray:
    return model.predict(np.asarray(x), batch_size=_BATCH, verbose=0).argmax(axis=1)

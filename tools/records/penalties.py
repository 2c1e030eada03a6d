"""Accuracy for every λ of the direct solvers, computed by other libraries for comparison."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import zoo
from records.keeping import keep
from records.trainings import trained
from zoo import data
from zoo.nn.preprocessing import preprocessing_of
from zoo.training.examples import preprocess
from zoo.training.solvers import ridge, softmax_regression

SPLITS = ("train", "validation", "test")


def ridge_penalties() -> None:
    """Write linear_cat_dog's accuracy for every λ, from numpy's eigendecomposition."""
    dataset = data.load("cats_vs_dogs")
    x = _features(zoo.build("linear_cat_dog"), dataset)
    right = {split: np.where(_labels(dataset, split) == 1, 1.0, -1.0) for split in SPLITS}
    mean, offset = x["train"].mean(axis=0, dtype=np.float64), right["train"].mean()
    centred = x["train"] - mean
    values, vectors = np.linalg.eigh(centred.T @ centred)
    turned = vectors.T @ (centred.T @ (right["train"] - offset))
    # Eigenvalues that are 0 up to rounding are excluded for λ = 0.
    values = np.where(values > 1e-10 * values.max(), values, np.inf)

    rows = []
    for penalty in (0.0, *ridge.PENALTIES):
        w = vectors @ (turned / (values + penalty))
        scores = {split: (x[split] - mean) @ w + offset for split in SPLITS}
        found = {split: (scores[split] >= 0) == (right[split] > 0) for split in SPLITS}
        rows.append(_row(f"{penalty:.3g}", found))
    description = (
        "linear_cat_dog: accuracy, in %, of the ridge solution for every λ, from numpy's "
        "eigendecomposition of the training photos' float64 sums. The recipe chooses λ by "
        "validation accuracy; test accuracies were computed afterwards."
    )
    rows.append(_recipe("linear_cat_dog", "best"))
    keep("linear_cat_dog-penalties", description, rows, _on(dataset))


def softmax_penalties(recipe: str) -> None:
    """Write cifar_softmax's accuracy for every λ, from scikit-learn's LogisticRegression.

    Args:
        recipe: "best", gray 64 × 64, or "rgb".
    """
    options = zoo.describe("cifar_softmax").recipes[recipe].options
    dataset = data.load("cifar10")
    x = _features(zoo.build("cifar_softmax", **options), dataset)
    right = {split: _labels(dataset, split) for split in SPLITS}
    rows = []
    for penalty, fitted in _regressions(x["train"], right["train"]):
        found = {split: fitted.predict(x[split]) == right[split] for split in SPLITS}
        rows.append(_row(f"{penalty:.3g}", found) | {"iterations": int(fitted.n_iter_[0])})
        print(rows[-1], flush=True)
        # For smaller λ the optimiser takes ever longer, and validation accuracy falls.
        if rows[-1]["validation"] < max(row["validation"] for row in rows) - 1:
            break
    description = (
        f"cifar_softmax, recipe `{recipe}`: accuracy, in %, of scikit-learn's LogisticRegression "
        "(lbfgs, C = 1/λ) for every λ from the largest down, each warm-started from the last, "
        "until validation accuracy is a point below the best; on the features of the model's own "
        "preprocessing. The recipe chooses λ by validation accuracy; test accuracies were computed "
        "afterwards."
    )
    rows.append(_recipe("cifar_softmax", recipe) | {"iterations": ""})
    keep(f"cifar_softmax-{recipe}-penalties", description, rows, _on(dataset))


def _regressions(x, y) -> Iterator[tuple]:
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(warm_start=True, max_iter=2000, tol=1e-5)
    for penalty in sorted(softmax_regression.PENALTIES, reverse=True):
        yield penalty, fitted.set_params(C=1 / penalty).fit(x, y)


def _features(model, dataset) -> dict[str, np.ndarray]:
    layer = preprocessing_of(model)
    return {split: preprocess(layer, getattr(dataset, split).x) for split in SPLITS}


def _labels(dataset, split) -> np.ndarray:
    return np.asarray(getattr(dataset, split).y)


def _row(penalty, right) -> dict:
    return {"penalty": penalty, **{split: 100 * float(right[split].mean()) for split in SPLITS}}


def _recipe(name, recipe) -> dict:
    """Return the result of this package's own solver, by the recipe that a user would name."""
    results, _ = trained(name, zoo.describe(name).recipes[recipe], seed=0)
    return {
        "penalty": f"`zoo train {name} --recipe {recipe}`",
        "train": "",
        "validation": 100 * results["history"]["val_accuracy"],
        "test": 100 * results["test"]["accuracy"],
    }


def _on(dataset) -> dict:
    return {"name": dataset.name, "fingerprint": dataset.fingerprint}

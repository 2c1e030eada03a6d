"""Models trained on data of one's own, beside scikit-learn's models on the same splits."""

from __future__ import annotations

import math
import statistics
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from records.keeping import keep
from zoo import data, training
from zoo.data import Dataset
from zoo.data.dataset import SPLITS
from zoo.errors import ZooError

# Splits of smaller seeds were looked at while the recipes were made.
_FIRST_SEED = 101
# One of the 30 test examples of iris is 3 points.
_TEST_EXAMPLES = 1_000
# Of scikit-learn's models, whose C is 1/λ and whose alpha is λ.
_PENALTIES = tuple(10.0**power for power in np.arange(-3, 3.5, 0.5))


class Pair(NamedTuple):
    """One of this package's trainings, and the model of scikit-learn beside it.

    Args:
        words: the arguments of `zoo train`, for the table.
        settings: the arguments of `zoo.train`.
        peer: the name of scikit-learn's model, for the table.
        candidates: function of a seed → its models to fit, of which validation data chooses one.
    """

    words: str
    settings: dict[str, Any]
    peer: str
    candidates: Callable[[int], Sequence[Any]]


def peers(splits: int) -> None:
    """Write the test results of this package's models and of scikit-learn's, on the same splits.

    Args:
        splits: on how many splits of each data set, at least.
    """
    if splits < 2:
        raise ZooError(f"The number of splits is {splits}; give 2 or more.")
    description = (
        "Test accuracy in %, or RMSE, of models trained on files of one's own, and of "
        "scikit-learn's on the same training, validation and test examples: mean ± standard "
        f"deviation over at least {splits} splits, and at least {_TEST_EXAMPLES:,} test examples "
        f"in all, drawn with seeds from {_FIRST_SEED}, which are the models' seeds too; the "
        "fingerprints are those of the files' own splits. λ, and scikit-learn's C and alpha, are "
        "chosen on validation data; the 300 epochs on iris by the validation loss on four other "
        "splits. scikit-learn's inputs are scaled by StandardScaler, pixels by 1/255 "
        f"(scikit-learn {version('scikit-learn')})."
    )
    rows, datasets = [], []
    with tempfile.TemporaryDirectory() as name:
        for dataset, pairs in _comparisons(Path(name)):
            datasets.append({"name": dataset.name, "fingerprint": dataset.fingerprint})
            for pair in pairs:
                rows.append(_row(dataset, pair, splits))
                print(rows[-1], flush=True)
                keep("peers", description, rows, *datasets)


def _comparisons(folder: Path) -> Iterator[tuple[Dataset, list[Pair]]]:
    """Yield each data set, written to a file and read back, with what is trained on it."""
    from sklearn.datasets import load_diabetes, load_digits, load_iris

    digits, iris, diabetes = load_digits(), load_iris(), load_diabetes(scaled=False)
    pixels = np.round(digits.images * (255 / 16)).astype(np.uint8)
    np.savez(folder / "digits.npz", x=pixels, y=digits.target)
    yield data.load("npz:digits.npz", folder), _classifiers({"size": 8, "grayscale": True}, 200)
    _write(folder / "iris.csv", iris, iris.target_names[iris.target])
    yield data.load("csv:iris.csv", folder, target="target"), _classifiers({}, 300)
    _write(folder / "diabetes.csv", diabetes, diabetes.target)
    yield data.load("csv:diabetes.csv", folder, target="target"), _regressors()


def _write(path: Path, found: Any, targets: np.ndarray) -> None:
    lines = [",".join([*found.feature_names, "target"])]
    lines += [
        ",".join(map(str, [*row, target])) for row, target in zip(found.data, targets, strict=True)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _classifiers(options: dict[str, Any], epochs: int) -> list[Pair]:
    """Return the pairs of classifiers, with deep_relu trained for so many epochs."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier

    words = "".join(f" --set {name}={value}" for name, value in options.items())
    return [
        Pair(
            f"cifar_softmax --recipe best{words}",
            {"name": "cifar_softmax", "recipe": "best", "options": options},
            "LogisticRegression",
            lambda seed: [LogisticRegression(C=1 / p, max_iter=1000) for p in _PENALTIES[::2]],
        ),
        Pair(
            f"deep_relu --recipe table --epochs {epochs}{words}",
            {"name": "deep_relu", "recipe": "table", "epochs": epochs, "options": options},
            "MLPClassifier((128,), batch_size=32)",
            lambda seed: [MLPClassifier((128,), batch_size=32, random_state=seed)],
        ),
    ]


def _regressors() -> list[Pair]:
    from sklearn.linear_model import Ridge

    return [
        Pair(
            "linear_regression",
            {"name": "linear_regression"},
            "Ridge",
            lambda seed: [Ridge(alpha=penalty) for penalty in _PENALTIES],
        ),
    ]


def _row(dataset: Dataset, pair: Pair, splits: int) -> dict:
    ours, theirs = [], []
    splits = max(splits, math.ceil(_TEST_EXAMPLES / len(dataset.test)))
    for seed in range(_FIRST_SEED, _FIRST_SEED + splits):
        split = _split_again(dataset, seed)
        ours.append(_trained(split, pair, seed))
        theirs.append(_fitted(split, pair, seed))
    unit = "%" if dataset.labels else "(RMSE)"
    mean, other = statistics.fmean(ours), statistics.fmean(theirs)
    difference = f"{mean - other:+.2f}" if dataset.labels else f"{100 * (mean / other - 1):+.2f} %"
    return {
        "data": dataset.name,
        "splits × test examples": f"{splits} × {len(dataset.test)}",
        "zoo train …": f"`{pair.words}`",
        "figure": f"{_text(ours)} {unit}",
        "scikit-learn": f"`{pair.peer}`",
        "its figure": f"{_text(theirs)} {unit}",
        "difference": difference,
    }


def _split_again(dataset: Dataset, seed: int) -> Dataset:
    """Return the same examples in other splits of the same sizes, drawn with a seed."""
    from sklearn.model_selection import train_test_split

    whole = [getattr(dataset, split) for split in SPLITS]
    x = np.concatenate([np.asarray(split.x) for split in whole])
    y = np.concatenate([split.y for split in whole])
    rest, found = np.arange(len(y)), {}
    for split in ("test", "validation"):
        rest, found[split] = train_test_split(
            rest,
            test_size=len(getattr(dataset, split)),
            stratify=y[rest] if dataset.labels else None,
            random_state=seed,
        )
    return data.from_arrays(
        x[rest],
        y[rest],
        **{split: (x[chosen], y[chosen]) for split, chosen in found.items()},
        labels=dataset.labels or None,
        values=dataset.values or None,
        inputs=dataset.inputs or None,
    )


def _text(figures: Sequence[float]) -> str:
    return f"{statistics.fmean(figures):.2f} ± {statistics.stdev(figures):.2f}"


def _trained(dataset: Dataset, pair: Pair, seed: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        results = training.train(**pair.settings, dataset=dataset, seed=seed, run_dir=folder)
    return 100 * results["test"]["accuracy"] if dataset.labels else results["test"]["rmse"]


def _fitted(dataset: Dataset, pair: Pair, seed: int) -> float:
    """Return the test figure of the candidate with the best figure on validation data."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.preprocessing import StandardScaler

    x = {split: _features(getattr(dataset, split)) for split in SPLITS}
    if dataset.kind == "vector":
        scaler = StandardScaler().fit(x["train"])
        x = {split: scaler.transform(features) for split, features in x.items()}
    with warnings.catch_warnings():
        # The default number of epochs of MLPClassifier is not its end, of which it warns.
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = [of.fit(x["train"], dataset.train.y) for of in pair.candidates(seed)]
    sign = 1 if dataset.labels else -1
    chosen = max(fitted, key=lambda of: sign * _figure(of, x["validation"], dataset.validation.y))
    return _figure(chosen, x["test"], dataset.test.y)


def _features(split: data.Split) -> np.ndarray:
    """Return rows of numbers; of images, one gray channel, 0…1."""
    x = np.asarray(split.x)
    return x[..., 0].reshape(len(x), -1) / 255 if x.ndim == 4 else x


def _figure(fitted: Any, x: np.ndarray, y: np.ndarray) -> float:
    found = fitted.predict(x)
    if y.dtype == np.int64:
        return 100 * float(np.mean(found == y))
    return float(np.sqrt(np.mean((found - y) ** 2)))

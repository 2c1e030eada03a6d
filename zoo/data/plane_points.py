"""Points of the plane to classify, or with a value each, with noise and a share of test points.

The sets are those of TensorFlow Playground (Smilkov et al., 2017), drawn with NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from zoo.data import points, surfaces, truth_tables
from zoo.data.dataset import SPLITS, Dataset, Split, computed_dataset
from zoo.errors import ZooError
from zoo.utils.choices import require_choice

COUNT = 500
# Half the width of the square plane.
SIDE = 6.0
VALUES = ("plane", "gaussian")
LABELLED = ("circle", "clouds", "xor_clouds", "spiral")
COUNTS = {"train": 500, "validation": 200, "test": 500}
_SEED = 2016
_GATE_PLANE = (-0.5, 1.5)
_BLOBS_SIDE = 4.0

_Drawn = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class PlanePoints:
    """Training and test points of a square plane.

    Attributes:
        x, y: of the training points, float32 (n, 2) and (n, 1).
        x_test, y_test: of the test points, of which there may be none.
        low, high: the ends of the plane, along both axes.
        are_values: whether y are values; else they are labels, 0 and 1.
    """

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    low: float
    high: float
    are_values: bool


def plane_points(
    name: str, noise: float = 0.0, test_share: float = 0.5, seed: int = 0
) -> PlanePoints:
    """Return the points of a set: 500, or the four rows of a truth table.

    Args:
        name: one of `SETS`: "and", "or", "nand" and "xor" (truth tables), "circle", "clouds",
            "xor_clouds", "spiral", "blobs" (labels), "plane" and "gaussian" (values).
        noise: 0 to 0.5, of half the width of the points' own square, up to which each coordinate is
            displaced; in "spiral" up to `noise` itself, and in "clouds" the variance grows from 0.5
            to 4. A displaced point of "circle", "xor_clouds", "plane" or "gaussian" keeps its
            place and takes the label or value of where it was displaced to. Labels of truth tables
            are exact.
        test_share: of the points that are test points, 0 to 0.9; truth tables have none.
        seed: of the random generator.

    Raises:
        UnknownNameError: for an unknown name.
        ZooError: for a share or noise out of its range.

    >>> found = plane_points("circle", test_share=0.4)
    >>> found.x.shape, found.y.shape, found.x_test.shape
    ((300, 2), (300, 1), (200, 2))
    """
    require_choice("set of points", name, SETS)
    if not (0 <= noise <= 0.5 and 0 <= test_share <= 0.9):
        raise ZooError(
            f"The noise is {noise} and the share of test points {test_share}; give noise from 0 to "
            "0.5 and a share from 0 to 0.9."
        )
    generator = np.random.default_rng([seed, SETS.index(name)])
    if name in truth_tables.OUTPUTS:
        x, y = truth_table(name, noise, generator)
        return _split(x, y, 0.0, generator, _GATE_PLANE, are_values=False)
    side = _BLOBS_SIDE if name == "blobs" else SIDE
    x, y = DRAWN[name](COUNT, noise, generator)
    return _split(x, y, test_share, generator, (-side, side), name in VALUES)


def given_points(
    rows: np.ndarray, are_values: bool, test_share: float = 0.0, seed: int = 0
) -> PlanePoints:
    """Return points that somebody gave.

    The plane is −6 … 6, and larger if the points need it.

    Args:
        rows: (n, 3), each x₁, x₂ and a label, 0 or 1, or a value; at least one.
        are_values: whether they are values.
        test_share: of the points, chosen at random, that are test points, 0 to 0.9; at least one
            is a training point.
        seed: of the random generator.

    Raises:
        ZooError: for a label other than 0 and 1.
    """
    rows = np.asarray(rows, np.float64).reshape(-1, 3)
    wrong = ~np.isin(rows[:, 2], (0, 1))
    if wrong.any() and not are_values:
        raise ZooError(
            f"An own point has the label {rows[wrong][0, 2]:g}; give 0 or 1, or choose regression."
        )
    farthest = float(np.abs(rows[:, :2]).max())
    side = SIDE if farthest <= SIDE else 1.1 * farthest
    generator = np.random.default_rng(seed)
    return _split(rows[:, :2], rows[:, 2], test_share, generator, (-side, side), are_values)


def labelled_points(name: str) -> Dataset:
    """Return a data set of labelled points without noise, as `zoo train` takes it.

    x is float32 (n, 2), y int64 (n,), with the labels "blue", 0, and "orange", 1; there are 500
    training, 200 validation and 500 test points.

    Args:
        name: one of `LABELLED`.
    """
    splits = {}
    for index, split in enumerate(SPLITS):
        generator = np.random.default_rng((_SEED, SETS.index(name), index))
        x, y = DRAWN[name](COUNTS[split], 0.0, generator)
        order = generator.permutation(len(x))
        splits[split] = Split(x.astype(np.float32)[order], y.astype(np.int64)[order])
    return replace(
        computed_dataset(name, "vector", splits, points.BLOBS_LABELS), inputs=surfaces.INPUTS
    )


def circle(count: int, noise: float, generator: np.random.Generator) -> _Drawn:
    """Return a disk of label 1, of radius 2.5, and a ring of label 0, of radii 3.5 to 5."""
    inner = np.arange(count) < count // 2
    radius = np.where(inner, 0.0, 3.5) + np.where(inner, 2.5, 1.5) * generator.uniform(size=count)
    angle = generator.uniform(0, 2 * np.pi, count)
    x = radius[:, None] * np.column_stack([np.sin(angle), np.cos(angle)])
    moved = x + noise * generator.uniform(-5, 5, (count, 2))
    return x, np.linalg.norm(moved, axis=1) < 2.5


def clouds(count: int, noise: float, generator: np.random.Generator) -> _Drawn:
    """Return two normal clouds, label 1 around (2, 2) and label 0 around (−2, −2)."""
    y = np.arange(count) < count // 2
    deviation = np.sqrt(0.5 + 7 * noise)
    centres = np.where(y, 2.0, -2.0)[:, None]
    return centres + deviation * generator.standard_normal((count, 2)), y


def xor_clouds(count: int, noise: float, generator: np.random.Generator) -> _Drawn:
    """Return four squares: label 1 where x₁ and x₂ have the same sign, and label 0 elsewhere."""
    x = generator.uniform(-5, 5, (count, 2))
    x = x + np.where(x > 0, 0.3, -0.3)
    moved = x + noise * generator.uniform(-5, 5, (count, 2))
    return x, moved[:, 0] * moved[:, 1] >= 0


def spiral(count: int, noise: float, generator: np.random.Generator) -> _Drawn:
    """Return two spiral arms of one and three quarter turns, one of each label."""
    share = np.arange(count // 2) / (count // 2)
    radius, turn = 5 * share, 1.75 * 2 * np.pi * share
    arms = [
        radius[:, None] * np.column_stack([np.sin(turn + start), np.cos(turn + start)])
        for start in (0.0, np.pi)
    ]
    x = np.vstack(arms)
    return x + noise * generator.uniform(-1, 1, x.shape), np.arange(len(x)) < count // 2


def blobs(count: int, noise: float, generator: np.random.Generator) -> _Drawn:
    """Return points of the data set `blobs`, which a line separates unless there is noise."""
    found = points.blobs()
    x = np.concatenate([np.asarray(found.train.x), np.asarray(found.validation.x)])[:count]
    y = np.concatenate([found.train.y, found.validation.y])[:count]
    return x + noise * generator.uniform(-3, 3, x.shape), y


def plane(count: int, noise: float, generator: np.random.Generator) -> _Drawn:
    """Return points with the value (x₁ + x₂) / 10."""
    x = generator.uniform(-6, 6, (count, 2))
    return x, (x + noise * generator.uniform(-6, 6, x.shape)).sum(axis=1) / 10


def gaussian(count: int, noise: float, generator: np.random.Generator) -> _Drawn:
    """Return points with the value of the surface `gaussian`, three hills and three hollows."""
    x = generator.uniform(-6, 6, (count, 2))
    return x, surfaces.bumps(x + noise * generator.uniform(-6, 6, x.shape))


def truth_table(name: str, noise: float, generator: np.random.Generator) -> _Drawn:
    """Return the four rows of a truth table; noise moves the points, not their labels."""
    x = np.array(truth_tables.INPUTS, np.float64)
    return x + noise * generator.uniform(-1, 1, x.shape), np.array(truth_tables.OUTPUTS[name])


DRAWN: dict[str, Callable[[int, float, np.random.Generator], _Drawn]] = {
    "circle": circle,
    "clouds": clouds,
    "xor_clouds": xor_clouds,
    "spiral": spiral,
    "blobs": blobs,
    "plane": plane,
    "gaussian": gaussian,
}
SETS = (*truth_tables.OUTPUTS, *DRAWN)


def _split(
    x: np.ndarray,
    y: np.ndarray,
    test_share: float,
    generator: np.random.Generator,
    ends: tuple[float, float],
    are_values: bool,
) -> PlanePoints:
    order = generator.permutation(len(x))
    x = x.astype(np.float32)[order]
    y = y.astype(np.float32)[order, None]
    training = len(x) - min(round(test_share * len(x)), len(x) - 1)
    return PlanePoints(x[:training], y[:training], x[training:], y[training:], *ends, are_values)

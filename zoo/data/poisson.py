"""Solutions of Poisson's equation, −Δu = f with u = 0 on the boundary, in closed form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from zoo.data.dataset import SPLITS, Dataset, Split, computed_dataset
from zoo.registry.tasks import Value

VALUES = (Value("u"),)
COUNTS = {"train": 100, "validation": 100, "test": 501}
# Points of a square per axis.
SQUARE_COUNTS = {"train": 32, "validation": 16, "test": 101}
_SEED = 1813


def poisson() -> Dataset:
    """Return the solution of −u″ = f on [0, 1], with u = `on_interval` and f = −u″.

    x is float32 (n, 1); y is u(x), float32 (n,). There are 100 training and 100 validation points,
    one drawn from each of 100 equal intervals, and 501 test points, equally spaced from 0 to 1.
    """
    return _dataset("poisson", ("x",), COUNTS, on_interval)


def poisson_square() -> Dataset:
    """Return the solution of −Δu = f on the unit square, with u = `on_square` and f = −Δu.

    x is float32 (n, 2); y is u(x, y), float32 (n,). There are 1,024 training and 256 validation
    points, one drawn from each of as many equal squares, and 10,201 test points, a grid of 101 by
    101 with the boundary.
    """
    return _dataset("poisson_square", ("x", "y"), SQUARE_COUNTS, on_square)


def on_interval(x: np.ndarray) -> np.ndarray:
    """Return u(x) = sin πx + ½ sin 3πx at points (n, 1), as (n,).

    >>> on_interval(np.array([[0.0], [0.5]])).tolist()
    [0.0, 0.5]
    """
    return np.sin(np.pi * x[:, 0]) + np.sin(3 * np.pi * x[:, 0]) / 2


def on_square(x: np.ndarray) -> np.ndarray:
    """Return u(x, y) = sin πx · sin πy at points (n, 2), as (n,).

    >>> on_square(np.array([[0.5, 0.5], [0.0, 0.3]])).tolist()
    [1.0, 0.0]
    """
    return np.sin(np.pi * x[:, 0]) * np.sin(np.pi * x[:, 1])


def _dataset(
    name: str,
    inputs: tuple[str, ...],
    counts: dict[str, int],
    solution: Callable[[np.ndarray], np.ndarray],
) -> Dataset:
    splits = {}
    for index, split in enumerate(SPLITS):
        count = counts[split]
        if split == "test":
            x = _grid(np.linspace(0, 1, count), len(inputs))
        else:
            generator = np.random.default_rng((_SEED, len(inputs), index))
            corners = _grid(np.arange(count) / count, len(inputs))
            x = corners + generator.random(corners.shape) / count
        x = x.astype(np.float32)
        splits[split] = Split(x, solution(x.astype(np.float64)).astype(np.float32))
    return replace(computed_dataset(name, "vector", splits, values=VALUES), inputs=inputs)


def _grid(along: np.ndarray, axes: int) -> np.ndarray:
    """Return the points of a grid with the same numbers along each axis, (n, axes)."""
    return np.stack(np.meshgrid(*[along] * axes, indexing="ij"), axis=-1).reshape(-1, axes)

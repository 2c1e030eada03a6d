"""Values over the plane, to learn regression: a plane with noise, and six bumps.

As in TensorFlow Playground (Smilkov et al., 2017), points lie in the square −6 … 6 and values range
from about −1 to 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from zoo.data.dataset import SPLITS, Dataset, Split, computed_dataset
from zoo.registry.tasks import Value

INPUTS = ("x1", "x2")
VALUES = (Value("y"),)
COUNTS = {"train": 1400, "validation": 200, "test": 400}
SIDE = 6.0
PLANE_NOISE = 0.05
# Centres of the bumps and the value there.
BUMPS = (
    (-4.0, 2.5, 1.0),
    (0.0, 2.5, -1.0),
    (4.0, 2.5, 1.0),
    (-4.0, -2.5, -1.0),
    (0.0, -2.5, 1.0),
    (4.0, -2.5, -1.0),
)
BUMP_RADIUS = 2.0
_SEED = 2016

_Surface = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def plane() -> Dataset:
    """Return points of a plane, y = (x₁ + x₂) / 10, with normal noise of deviation 0.05.

    x is float32 (n, 2), uniform in −6 … 6; y is float32 (n,); there are 1400 training, 200
    validation and 400 test points.
    """

    def noisy(x: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        return x.sum(axis=1) / 10 + PLANE_NOISE * generator.standard_normal(len(x))

    return _surface("plane", 0, noisy)


def gaussian() -> Dataset:
    """Return points of a surface with three hills of height 1 and three hollows of depth 1.

    Up to a distance of 2 from a centre, y falls off linearly to 0, and it is 0 elsewhere. x and
    the number of points are as in `plane`.
    """
    return _surface("gaussian", 1, lambda x, generator: bumps(x))


def bumps(x: np.ndarray) -> np.ndarray:
    """Return the height of the surface `gaussian` at points (n, 2).

    >>> bumps(np.array([[-4.0, 2.5], [0.0, 1.5], [0.0, 0.0]])).tolist()
    [1.0, -0.5, 0.0]
    """
    centres, heights = np.array(BUMPS)[:, :2], np.array(BUMPS)[:, 2]
    distances = np.linalg.norm(x[:, None] - centres, axis=2)
    # The bumps do not overlap, so that at most one of these is not 0.
    return (heights * np.maximum(1 - distances / BUMP_RADIUS, 0)).sum(axis=1)


def _surface(name: str, stream: int, surface: _Surface) -> Dataset:
    splits = {}
    for index, split in enumerate(SPLITS):
        generator = np.random.default_rng((_SEED, stream, index))
        x = generator.uniform(-SIDE, SIDE, (COUNTS[split], 2)).astype(np.float32)
        y = surface(x.astype(np.float64), generator).astype(np.float32)
        splits[split] = Split(x, y)
    return replace(computed_dataset(name, "vector", splits, values=VALUES), inputs=INPUTS)

"""The viscous Burgers equation, u_t + u u_x = ν u_xx, with its exact solution.

u(x, 0) = −sin πx on −1 ≤ x ≤ 1, u(±1, t) = 0, 0 ≤ t ≤ 1, ν = 0.01/π: the example of Raissi et al.
(2019), whose solution steepens at x = 0 to a front of width ν.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from zoo.data.dataset import Dataset, Split, computed_dataset
from zoo.registry.tasks import Value

INPUTS = ("x", "t")
VALUES = (Value("u"),)
LOW, HIGH = (-1.0, 0.0), (1.0, 1.0)
VISCOSITY = 0.01 / np.pi
POINTS = 20_000
NOISY_POINTS = 2_000
NOISE = 0.01
VALIDATION_POINTS = 2_000
GRID = (257, 101)
_SEED = 1948
_NODES = 100


def solution(x: np.ndarray, t: np.ndarray, viscosity: float = VISCOSITY) -> np.ndarray:
    """Return the exact solution, by the transformation of Cole (1951) and Hopf (1950).

    u = −∫ sin π(x − η) f(x − η) e^(−η²/4νt) dη / ∫ f(x − η) e^(−η²/4νt) dη,
    f(y) = e^(−cos πy / 2πν), with Gauss–Hermite quadrature.

    Args:
        x: positions, −1 … 1, float64 (points,).
        t: times, from 0 up, float64 (points,).
        viscosity: ν, above 0; below 0.001, the quadrature is not accurate.

    Returns:
        u, float64 (points,).

    >>> solution(np.array([0.5, 0.25]), np.array([0.0, 1.0])).round(4).tolist()
    [-1.0, -0.5592]
    """
    nodes, weights = np.polynomial.hermite.hermgauss(_NODES)
    places = x[:, None] - np.sqrt(4 * viscosity * t)[:, None] * nodes
    exponents = -np.cos(np.pi * places) / (2 * np.pi * viscosity)
    density = weights * np.exp(exponents - exponents.max(axis=1, keepdims=True))
    return -(density * np.sin(np.pi * places)).sum(axis=1) / density.sum(axis=1)


def burgers() -> Dataset:
    """Return 20,000 random points of the domain, with u there, to solve the equation at.

    x is float32 (n, 2), position and time; y is float32 (n,), the exact solution. 2,000 other
    points are for validation; the test points are a grid of 257 positions and 101 times.
    """
    return _dataset("burgers", 0, POINTS, 0.0)


def burgers_noisy() -> Dataset:
    """Return 2,000 observations of u, with noise, to find the viscosity from.

    The noise is normal, with 1 % of u's standard deviation. Points for validation and test are as
    in `burgers`, without noise.
    """
    return _dataset("burgers_noisy", 1, NOISY_POINTS, NOISE)


def _dataset(name: str, stream: int, examples: int, noise: float) -> Dataset:
    generator = np.random.default_rng((_SEED, stream))
    train = _split(generator.uniform(LOW, HIGH, (examples, 2)))
    deviation = noise * train.y.std()
    train = train.map_targets(
        lambda y: (y + deviation * generator.standard_normal(len(y))).astype(np.float32)
    )
    validation = _split(generator.uniform(LOW, HIGH, (VALIDATION_POINTS, 2)))
    axes = (np.linspace(*ends) for ends in zip(LOW, HIGH, GRID, strict=True))
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    splits = {"train": train, "validation": validation, "test": _split(grid)}
    return replace(computed_dataset(name, "vector", splits, values=VALUES), inputs=INPUTS)


def _split(points: np.ndarray) -> Split:
    x = points.astype(np.float32)
    exact = x.astype(np.float64)
    return Split(x, solution(exact[:, 0], exact[:, 1]).astype(np.float32))

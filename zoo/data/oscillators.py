"""The displacement of a damped harmonic oscillator over time, exact and with noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from zoo.data.dataset import SPLITS, Dataset, Split, computed_dataset
from zoo.errors import ZooError
from zoo.registry.tasks import Value

INPUTS = ("t",)
VALUES = (Value("displacement"),)
MASS, DAMPING, STIFFNESS = 1.0, 4.0, 400.0
# The last time, about three periods after the first, 0.
END = 1.0
# Standard deviation of the noise, as a share of the displacement's standard deviation.
NOISE = 0.05
COUNTS = {"train": 60, "validation": 60, "test": 501}
NOISY_COUNTS = {"train": 2000, "validation": 60, "test": 501}
_SEED = 1678


def oscillator() -> Dataset:
    """Return the displacement of a damped oscillator at times in 0 … 1, without noise.

    m u″ + μ u′ + k u = 0 with m = 1, μ = 4, k = 400, u(0) = 1 and u′(0) = 0. x is the time,
    float32 (n, 1); y is u(t), float32 (n,). There are 60 training and 60 validation times, one
    drawn from each of 60 equal intervals, and 501 test times, equally spaced from 0 to 1.
    """
    return _dataset("oscillator", COUNTS, noise=0.0, seed=_SEED)


def oscillator_noisy(seed: int = _SEED) -> Dataset:
    """Return the displacement of the same oscillator, observed with normal noise in training.

    The noise has 5 % of the standard deviation of the displacement. There are 2,000 training
    times; validation and test are those of `oscillator`, without noise.

    Args:
        seed: of the times and of the noise.
    """
    return _dataset("oscillator_noisy", NOISY_COUNTS, NOISE, seed)


def displacement(
    t: np.ndarray, mass: float = MASS, damping: float = DAMPING, stiffness: float = STIFFNESS
) -> np.ndarray:
    """Return the solution of m u″ + μ u′ + k u = 0 with u(0) = 1 and u′(0) = 0.

    u(t) = e^(−δt) (cos ωt + δ/ω sin ωt) with δ = μ/2m and ω = √(k/m − δ²).

    Args:
        t: times, of any shape.
        mass: m.
        damping: μ.
        stiffness: k.

    Raises:
        ZooError: unless the mass is above 0, the damping is not below 0 and the oscillator is
            underdamped, μ² < 4mk.

    >>> displacement(np.array([0.0, 0.5])).round(6).tolist()
    [1.0, -0.336852]
    """
    if not (mass > 0 and damping >= 0 and damping**2 < 4 * mass * stiffness):
        raise ZooError(
            f"An oscillator of mass {mass:g}, damping {damping:g} and stiffness {stiffness:g} does "
            "not oscillate; give a mass above 0 and a damping from 0 up whose square is below "
            "4 · mass · stiffness."
        )
    decay = damping / (2 * mass)
    frequency = np.sqrt(stiffness / mass - decay**2)
    return np.exp(-decay * t) * (np.cos(frequency * t) + decay / frequency * np.sin(frequency * t))


def _dataset(name: str, counts: dict[str, int], noise: float, seed: int) -> Dataset:
    deviation = noise * float(np.std(displacement(np.linspace(0, END, 10_001))))
    splits = {}
    for index, split in enumerate(SPLITS):
        count = counts[split]
        if split == "test":
            t = np.linspace(0, END, count, dtype=np.float32)
        else:
            generator = np.random.default_rng((seed, count, index))
            # One time in each of equal intervals.
            t = (END * (np.arange(count) + generator.random(count)) / count).astype(np.float32)
        y = displacement(t.astype(np.float64))
        if split == "train" and deviation:
            y += deviation * generator.standard_normal(count)
        splits[split] = Split(t[:, None], y.astype(np.float32))
    return replace(computed_dataset(name, "vector", splits, values=VALUES), inputs=INPUTS)

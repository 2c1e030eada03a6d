"""Linearly separable points with a known margin."""

from __future__ import annotations

import numpy as np

from zoo.data.dataset import SPLITS, Dataset, Split, computed_dataset
from zoo.errors import ZooError

BLOBS_COUNTS = {"train": 400, "validation": 100, "test": 500}
BLOBS_LABELS = ("blue", "orange")
# The line 0.6 x₁ + 0.8 x₂ − 0.2 = 0; the weights have length 1, so the left side is a distance.
BLOBS_WEIGHTS = (0.6, 0.8)
BLOBS_BIAS = -0.2
BLOBS_MARGIN = 0.25
BLOBS_RADIUS = 3.0
_BLOBS_SEED = 1957
_CENTRE_DISTANCE = 1.0
_SPREAD = 0.45

_LARGEST_MARGIN = 0.9
# float32 rounding moves a point by less than this, relative to the radius.
_ROUNDING = 1e-6


def blobs() -> Dataset:
    """Return two clouds of points on either side of a line.

    Every point, "blue" below and "orange" above, has at least distance `BLOBS_MARGIN` = 0.25 from
    the line `BLOBS_WEIGHTS` · x + `BLOBS_BIAS` = 0 and at most `BLOBS_RADIUS` = 3 from the origin,
    so that the perceptron converges to zero errors. x is float32 (n, 2), y int64 (n,); there are
    400 training, 100 validation and 500 test points.
    """
    splits = {
        split: _cloud_pair(BLOBS_COUNTS[split], np.random.default_rng((_BLOBS_SEED, index)))
        for index, split in enumerate(SPLITS)
    }
    return computed_dataset("blobs", "vector", splits, BLOBS_LABELS)


def _cloud_pair(examples: int, generator: np.random.Generator) -> Split:
    weights = np.array(BLOBS_WEIGHTS)
    y = generator.permutation(np.arange(examples) % 2)
    # A centre's signed distance from the line is ±1; −bias · weights is a point on the line.
    centres = (np.where(y == 1, 1, -1)[:, None] * _CENTRE_DISTANCE - BLOBS_BIAS) * weights
    x = np.zeros((examples, 2), np.float32)
    rejected = np.ones(examples, bool)
    while rejected.any():
        noise = generator.standard_normal((rejected.sum(), 2))
        x[rejected] = centres[rejected] + _SPREAD * noise
        distance = np.where(y == 1, 1, -1) * (x.astype(np.float64) @ weights + BLOBS_BIAS)
        too_far = np.linalg.norm(x.astype(np.float64), axis=1) > BLOBS_RADIUS
        rejected = (distance < BLOBS_MARGIN) | too_far
    return Split(x, y)


def separable(
    examples: int, inputs: int = 2, margin: float = 0.1, radius: float = 1.0, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Sample random points that a random hyperplane separates, for tests of Novikoff's bound.

    With the bias as the weight of a constant input 1, the bound of (R/γ)² mistakes has
    R² = radius² + 1 and γ = margin / √(1 + bias²).

    Args:
        examples: number of points, at least 2; half of each class.
        inputs: dimension, at least 1.
        margin: least distance of a point from the hyperplane, above 0 and at most 0.9 · radius.
        radius: largest distance of a point from the origin, above 0.
        seed: of the random generator.

    Returns:
        x, float32 (examples, inputs); y, int64 (examples,), 0 or 1; weights, float64 (inputs,) of
        length 1, and bias: weights · x + bias ≥ margin where y is 1 and ≤ −margin where it is 0.

    Raises:
        ZooError: for an argument out of its range.

    >>> x, y, weights, bias = separable(100, inputs=3, margin=0.2)
    >>> bool(((x @ weights + bias) * (2 * y - 1) >= 0.2).all())
    True
    """
    if examples < 2 or inputs < 1:
        raise ZooError(
            f"separable was called with {examples} examples of {inputs} inputs; "
            "give at least 2 examples and 1 input."
        )
    if not (radius > 0 and 0 < margin <= _LARGEST_MARGIN * radius):
        raise ZooError(
            f"Margin {margin} with radius {radius} is out of range; "
            f"give 0 < margin ≤ {_LARGEST_MARGIN} · radius."
        )
    generator = np.random.default_rng(seed)
    weights = _directions(1, inputs, generator)[0]
    slack = _ROUNDING * radius
    bias = generator.uniform(-0.5, 0.5) * (radius - margin)
    y = generator.permutation(np.arange(examples) % 2)
    # The coordinate along the weights determines the class; the others are uniform in the ball.
    nearest = np.where(y == 1, margin + slack - bias, -margin - slack - bias)
    farthest = np.where(y == 1, 1, -1) * (radius - slack)
    along = nearest + generator.uniform(size=examples) * (farthest - nearest)
    x = along[:, None] * weights
    if inputs > 1:
        across = _directions(examples, inputs, generator)
        across -= (across @ weights)[:, None] * weights
        across /= np.linalg.norm(across, axis=1, keepdims=True)
        room = np.sqrt(np.maximum((radius - slack) ** 2 - along**2, 0))
        x += (room * generator.uniform(size=examples) ** (1 / (inputs - 1)))[:, None] * across
    return x.astype(np.float32), y, weights, float(bias)


def _directions(count: int, inputs: int, generator: np.random.Generator) -> np.ndarray:
    vectors = generator.standard_normal((count, inputs))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

"""The Mark I's shapes at many sizes, and the box around each, for regressors."""

from __future__ import annotations

import numpy as np

from zoo.data.dataset import SPLITS, Dataset, Split, computed_dataset
from zoo.data.retina import RETINA, draw_shapes
from zoo.registry.tasks import Value

COUNTS = {"train": 20_000, "validation": 5_000, "test": 10_000}
VALUES = tuple(Value(name) for name in ("left", "top", "right", "bottom"))
# The side of a square in pixels; a circle has the area of such a square.
SMALLEST_SIDE = 4.0
LARGEST_SIDE = 13.0
_SEED = 2014


def shape_boxes() -> Dataset:
    """Return images of a square or circle, and the box around it.

    x are white shapes on a black 20 × 20 image, uint8 (n, 20, 20, 3), drawn as those of `shapes`,
    with sides uniform in 4…13 pixels. y are the left, upper, right and lower edge of the smallest
    upright box around the exact shape, float32 (n, 4), in shares of the image's side, 0…1. There
    are 20,000 training, 5,000 validation and 10,000 test images, each a function of its split and
    index.
    """
    splits = {}
    for index, split in enumerate(SPLITS):
        generator = np.random.default_rng((_SEED, index))
        kinds = generator.integers(0, 2, COUNTS[split])
        sides = generator.uniform(SMALLEST_SIDE, LARGEST_SIDE, COUNTS[split])
        across, down, turn = generator.uniform(0, 1, (3, COUNTS[split]))
        x, centres, angles = draw_shapes(kinds, sides, across, down, turn)
        y = _boxes(kinds, sides, centres, angles) / RETINA
        splits[split] = Split(x, y.astype(np.float32))
    return computed_dataset("shape_boxes", "image", splits, values=VALUES)


def _boxes(
    kinds: np.ndarray, sides: np.ndarray, centres: np.ndarray, angles: np.ndarray
) -> np.ndarray:
    """Return left, top, right and bottom in pixels, (n, 4)."""
    of_square = sides / 2 * (np.abs(np.cos(angles)) + np.abs(np.sin(angles)))
    reach = np.where(kinds == 1, of_square, sides / np.sqrt(np.pi))[:, None]
    return np.hstack([centres - reach, centres + reach])

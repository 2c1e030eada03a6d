"""Images of squares and circles, 20 × 20 pixels, for the Mark I Perceptron."""

from __future__ import annotations

import numpy as np

from zoo.data.dataset import SPLITS, Dataset, Split, computed_dataset
from zoo.errors import ZooError
from zoo.utils.choices import require_choice

RETINA = 20
LABELS = ("circle", "square")
COUNTS = {"train": 20_000, "validation": 5_000, "test": 10_000}
# The side of a square in pixels; a circle has the area of such a square. Random wiring separates
# smaller shapes far less well, and larger ones have no room to move on 20 × 20 pixels.
SMALLEST_SIDE = 12.0
LARGEST_SIDE = 13.0
_SEED = 1957
_NUMBERS_PER_EXAMPLE = 5
_CHUNK = 2_000


def shapes_dataset() -> Dataset:
    """Return the shapes as a data set of 20,000 training, 5,000 validation, 10,000 test images."""
    splits = {split: Split(*shapes(COUNTS[split], split, _SEED)) for split in SPLITS}
    return computed_dataset("shapes", "image", splits, LABELS)


def shapes(examples: int, split: str = "train", seed: int = _SEED) -> tuple[np.ndarray, np.ndarray]:
    """Render filled white squares and circles at random positions on a black 20 × 20 image.

    The side s of a square is uniform in 12…13 pixels, and the square is rotated by a uniform angle;
    a circle has the area s² of such a square. For both, the centre is uniform at a distance of at
    least s/√2, half the diagonal of the square, from every border. So area and position have the
    same distribution in both classes, and neither distinguishes the classes.

    Args:
        examples: number of images, at least 1. Each depends only on seed, split and its index, so
            that a larger number does not change the first images.
        split: "train", "validation" or "test".
        seed: at least 0.

    Returns:
        x, uint8 (examples, 20, 20, 3), 0 or 255, gray; y, int64 (examples,), 0 for a circle and
        1 for a square.

    Raises:
        ZooError: for an argument out of its range or an unknown split.

    >>> x, y = shapes(3)
    >>> x.shape, LABELS[y[0]]
    ((3, 20, 20, 3), 'square')
    """
    require_choice("split", split, SPLITS)
    if examples < 1 or seed < 0:
        raise ZooError(
            f"shapes was called with {examples} examples and seed {seed}; "
            "give at least 1 example and a seed from 0 up."
        )
    # The raw bits of a bit generator are the same in every version of NumPy.
    bits = np.random.Philox(np.random.SeedSequence((seed, SPLITS.index(split))))
    raw = bits.random_raw(examples * _NUMBERS_PER_EXAMPLE).reshape(examples, _NUMBERS_PER_EXAMPLE)
    uniform = (raw >> np.uint64(11)) * 2.0**-53
    y = (uniform[:, 0] >= 0.5).astype(np.int64)
    size, across, down, turn = uniform[:, 1:].T
    sides = SMALLEST_SIDE + (LARGEST_SIDE - SMALLEST_SIDE) * size
    x, _, _ = draw_shapes(y, sides, across, down, turn)
    return x, y


def draw_shapes(
    kinds: np.ndarray, sides: np.ndarray, across: np.ndarray, down: np.ndarray, turn: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw filled white squares and circles on black 20 × 20 images.

    Args:
        kinds: 0 for a circle and 1 for a square, (n,).
        sides: of the squares in pixels, (n,); a circle has the area of such a square.
        across: the centre's place between the leftmost and the rightmost that are at least half of
            the square's diagonal from the border, 0…1, (n,).
        down: the same between the uppermost and the lowest.
        turn: angle of the squares as a share of a quarter turn, 0…1, (n,).

    Returns:
        Images, uint8 (n, 20, 20, 3), 0 or 255; centres (x, y) in pixels, (n, 2); angles, (n,).
    """
    reach = sides / np.sqrt(2)
    room = RETINA - 2 * reach
    centres = np.stack([reach + room * across, reach + room * down], axis=1)
    angles = turn * np.pi / 2
    images = np.empty((len(kinds), RETINA, RETINA, 3), np.uint8)
    for at in range(0, len(kinds), _CHUNK):
        chunk = slice(at, at + _CHUNK)
        lit = _lit(kinds[chunk], sides[chunk], centres[chunk], angles[chunk])
        images[chunk] = np.where(lit, np.uint8(255), np.uint8(0))[..., None]
    return images, centres, angles


def _lit(
    kinds: np.ndarray, sides: np.ndarray, centres: np.ndarray, angles: np.ndarray
) -> np.ndarray:
    """Return which photocells' centres a shape covers, bool (n, 20, 20)."""
    cells = np.arange(RETINA) + 0.5
    dx = cells[None, None, :] - _column(centres[:, 0])
    dy = cells[None, :, None] - _column(centres[:, 1])
    cosine, sine = _column(np.cos(angles)), _column(np.sin(angles))
    in_square = np.maximum(
        np.abs(cosine * dx + sine * dy), np.abs(cosine * dy - sine * dx)
    ) <= _column(sides / 2)
    in_circle = dx**2 + dy**2 <= _column(sides**2 / np.pi)
    return np.where(_column(kinds) == 1, in_square, in_circle)


def _column(values: np.ndarray) -> np.ndarray:
    return values[:, None, None]

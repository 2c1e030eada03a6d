"""Backgrounds without people: gradients, noise, landscapes and shapes, from random numbers."""

from __future__ import annotations

import numpy as np

from zoo.data.canvas import Canvas, Colour, Limb
from zoo.data.random_numbers import RandomNumbers

_GRIDS = (3, 6, 12, 24, 48)


def random_colour(random: RandomNumbers, saturation: float | None = None) -> Colour:
    """Return a colour, float32 (3,), 0…255.

    Args:
        random: where it comes from.
        saturation: 0 for gray, 1 for any colour; random if it is not given.
    """
    strength = random.between(0, 1) if saturation is None else saturation
    gray = random.between(15, 240)
    return (gray + strength * (255 * random.uniform(3) - gray)).astype(np.float32)


def background(random: RandomNumbers, size: int) -> np.ndarray:
    """Return a background, float32 (size, size, 3), 0…255."""
    first, second = random_colour(random), random_colour(random)
    kind = random.below(4)
    if kind == 0:
        pixels = _gradient(random, size, first, second)
    elif kind == 1:
        pixels = _noise(random, size, first, second)
    else:
        pixels = _landscape(random, size, first, second)
    if kind != 1 or random.chance(0.5):
        _scatter(random, pixels)
    return pixels


def _gradient(random: RandomNumbers, size: int, first: Colour, second: Colour) -> np.ndarray:
    across, down = random.uniform(2).astype(np.float32)
    steps = (np.arange(size, dtype=np.float32) + np.float32(0.5)) / np.float32(size)
    share = (across * steps[None] + down * steps[:, None]) / (across + down + np.float32(1e-3))
    return first + share[..., None] * (second - first)


def _noise(random: RandomNumbers, size: int, first: Colour, second: Colour) -> np.ndarray:
    """Return noise of several scales, between two colours."""
    share = np.zeros((size, size), np.float32)
    total = 0.0
    roughness = random.between(0.35, 0.9)
    for octave, cells in enumerate(_GRIDS):
        weight = np.float32(roughness**octave)
        share += weight * _enlarged(random, cells, size)
        total += float(weight)
    share = np.clip((share / np.float32(total) - np.float32(0.5)) * 2 + np.float32(0.5), 0, 1)
    return first + share[..., None] * (second - first)


def _enlarged(random: RandomNumbers, cells: int, size: int) -> np.ndarray:
    grid = random.uniform((cells + 1) ** 2).astype(np.float32).reshape(cells + 1, cells + 1)
    place = (np.arange(size, dtype=np.float32) + np.float32(0.5)) * np.float32(cells / size)
    low = np.minimum(place.astype(int), cells - 1)
    share = place - low.astype(np.float32)
    rows = grid[low] + share[:, None] * (grid[low + 1] - grid[low])
    return rows[:, low] + share[None] * (rows[:, low + 1] - rows[:, low])


def _landscape(random: RandomNumbers, size: int, first: Colour, second: Colour) -> np.ndarray:
    """Return two grounds, one above the other, each plain or rough."""
    horizon = int(size * random.between(0.25, 0.8))
    upper = _noise(random, size, first, random_colour(random))
    lower = _noise(random, size, second, random_colour(random))
    calm_upper, calm_lower = random.uniform(2).astype(np.float32)
    upper = first + calm_upper * (upper - first)
    lower = second + calm_lower * (lower - second)
    return np.concatenate([upper[:horizon], lower[horizon:]])


def _scatter(random: RandomNumbers, pixels: np.ndarray) -> None:
    """Draw things onto a background: posts and branches, discs and rectangles."""
    size = len(pixels)
    canvas = Canvas(pixels, (random.between(-1, 1), random.between(-1, 0)))
    for _ in range(random.below(9)):
        centre = (size * random.between(0, 1), size * random.between(0, 1))
        reach = size * random.between(0.02, 0.25)
        colour = random_colour(random)
        kind = random.below(3)
        if kind == 0:
            canvas.rectangle(1, centre, (reach, reach * random.between(0.2, 1.5)), colour)
        elif kind == 1:
            canvas.disc(1, centre, 0.5 * reach, colour)
        else:
            end = (size * random.between(0, 1), size * random.between(0, 1))
            radii = size * (0.005 + 0.035 * random.uniform(2))
            canvas.limbs(1, [Limb(centre, end, *map(float, radii))], colour)

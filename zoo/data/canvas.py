"""Drawing with smooth edges in numpy: limbs, discs and rectangles.

Only additions, products, quotients, square roots and comparisons are computed per pixel, which are
the same on every machine; so a drawing has the same pixels everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

Colour = np.ndarray


class Limb(NamedTuple):
    """A line with round ends and a radius at each end, in pixels.

    Args:
        start: (x, y).
        end: (x, y).
        start_radius: at the start.
        end_radius: at the end.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    start_radius: float
    end_radius: float


class Stripes(NamedTuple):
    """Stripes across a limb.

    Args:
        colour: float32 (3,), 0…255.
        pairs: of a stripe and a gap, over the length of the limb.
    """

    colour: Colour
    pairs: int


class Canvas:
    """A picture that is drawn on, and which part was drawn last at every pixel.

    Args:
        background: float32 (h, w, 3), 0…255; it is drawn on.
        light: (x, y), the direction the light comes from, at most of length 1.
    """

    def __init__(self, background: np.ndarray, light: tuple[float, float]):
        self.pixels = background
        self.parts: np.ndarray = np.zeros(background.shape[:2], np.uint8)
        self._light = light

    def limbs(
        self, part: int, limbs: Sequence[Limb], colour: Colour, stripes: Stripes | None = None
    ) -> None:
        """Draw the union of limbs in one colour, shaded as if they were round.

        Args:
            part: a number from 1 up, kept in `parts` where the limbs cover at least half a pixel.
            limbs: at least one; the first one's axis is that of the stripes.
            colour: float32 (3,), 0…255.
            stripes: drawn across the first limb, if any.
        """
        window = self._window(limbs)
        if window is None:
            return
        x, y = _centres(window)
        drawn = [self._round(limb, x, y) for limb in limbs]
        distance, shade, along = drawn[0]
        for other, lit, _ in drawn[1:]:
            shade = np.where(other < distance, lit, shade)
            distance = np.minimum(distance, other)
        paint = np.broadcast_to(colour, (*distance.shape, 3))
        if stripes:
            odd = np.floor(along * np.float32(2 * stripes.pairs)) % 2 == 1
            paint = np.where(odd[..., None], stripes.colour, paint)
        self._blend(window, part, distance, paint * shade[..., None])

    def disc(self, part: int, centre: tuple[float, float], radius: float, colour: Colour) -> None:
        """Draw a flat disc."""
        limb = Limb(centre, centre, radius, radius)
        window = self._window([limb])
        if window is not None:
            distance = _measure(limb, *_centres(window))[0] - np.float32(radius)
            self._blend(window, part, distance, np.broadcast_to(colour, (*distance.shape, 3)))

    def rectangle(
        self,
        part: int,
        centre: tuple[float, float],
        half: tuple[float, float],
        colour: Colour,
    ) -> None:
        """Draw a flat upright rectangle with these half sides."""
        reach = max(half)
        window = self._window([Limb(centre, centre, reach, reach)])
        if window is None:
            return
        x, y = _centres(window)
        across = np.abs(x - np.float32(centre[0])) - np.float32(half[0])
        down = np.abs(y - np.float32(centre[1])) - np.float32(half[1])
        distance = np.maximum(across, down)
        self._blend(window, part, distance, np.broadcast_to(colour, (*distance.shape, 3)))

    def part_at(self, place: tuple[float, float]) -> int:
        """Return the part that was drawn last at (x, y), 0 for the background."""
        height, width = self.parts.shape
        column = min(max(int(place[0]), 0), width - 1)
        row = min(max(int(place[1]), 0), height - 1)
        return int(self.parts[row, column])

    def _round(
        self, limb: Limb, x: np.ndarray, y: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the distance to a limb's edge, factors for its colour, the share of its length."""
        from_axis, share, side = _measure(limb, x, y)
        radius = limb.start_radius + share * np.float32(limb.end_radius - limb.start_radius)
        shade = self._shade(limb, side / np.maximum(radius, np.float32(1e-3)))
        return from_axis - radius, shade, share

    def _shade(self, limb: Limb, side: np.ndarray) -> np.ndarray:
        """Return factors for the colour, from the offset to the side in units of the radius."""
        direction = np.subtract(limb.end, limb.start)
        length = np.sqrt(direction @ direction)
        if length < 1e-6:
            return np.ones_like(side)
        across = (-direction[1] / length, direction[0] / length)
        towards = np.float32(round(across[0] * self._light[0] + across[1] * self._light[1], 4))
        side = np.clip(side, -1, 1)
        return 1 + np.float32(0.3) * towards * side - np.float32(0.22) * side * side

    def _window(self, limbs: Sequence[Limb]) -> tuple[int, int, int, int] | None:
        """Return the left, top, right and bottom of the pixels that limbs may touch, or None."""
        height, width = self.parts.shape
        bounds = []
        for axis, size in ((0, width), (1, height)):
            reach = [max(limb.start_radius, limb.end_radius) + 1 for limb in limbs]
            ends = [(limb.start[axis], limb.end[axis]) for limb in limbs]
            low = min(min(pair) - more for pair, more in zip(ends, reach, strict=True))
            high = max(max(pair) + more for pair, more in zip(ends, reach, strict=True))
            bounds.append((max(0, int(np.floor(low))), min(size, int(np.ceil(high)))))
        (left, right), (top, bottom) = bounds
        return (left, top, right, bottom) if left < right and top < bottom else None

    def _blend(
        self,
        window: tuple[int, int, int, int],
        part: int,
        distance: np.ndarray,
        paint: np.ndarray,
    ) -> None:
        left, top, right, bottom = window
        alpha = np.clip(np.float32(0.5) - distance, 0, 1)
        pixels = self.pixels[top:bottom, left:right]
        pixels += alpha[..., None] * (paint - pixels)
        self.parts[top:bottom, left:right][alpha >= 0.5] = part


def _centres(window: tuple[int, int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    left, top, right, bottom = window
    x = np.arange(left, right, dtype=np.float32)[None] + np.float32(0.5)
    y = np.arange(top, bottom, dtype=np.float32)[:, None] + np.float32(0.5)
    return x, y


def _measure(limb: Limb, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the distance from a limb's axis, the share of its length, the offset to its side."""
    ax, ay = (np.float32(number) for number in limb.start)
    bx, by = (np.float32(number) for number in limb.end)
    dx, dy = bx - ax, by - ay
    squared = dx * dx + dy * dy
    px, py = x - ax, y - ay
    if squared < 1e-6:
        distance = np.sqrt(px * px + py * py)
        return distance, np.zeros_like(distance), np.zeros_like(distance)
    share = np.clip((px * dx + py * dy) / squared, 0, 1)
    qx, qy = px - share * dx, py - share * dy
    side = (py * dx - px * dy) / np.sqrt(squared)
    return np.sqrt(qx * qx + qy * qy), share, side

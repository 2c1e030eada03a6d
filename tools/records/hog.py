"""Histograms of oriented gradients (Dalal and Triggs, CVPR 2005), in numpy."""

from __future__ import annotations

import numpy as np

ORIENTATIONS = 9
_BLOCK = 2
_CLIP = 0.2
_SMALL = 1e-5


def hog(images: np.ndarray, cell: int) -> np.ndarray:
    """Return the descriptors of square images, float32 (images, blocks · 4 · 9).

    Gradients are centred differences of the colour channel in which they are longest; each votes
    with its length, divided between the two nearest of 9 orientations without sign, for its cell;
    blocks of 2 × 2 cells, one at every cell, are normalised by L2-Hys with the limit 0.2.

    Args:
        images: uint8 (n, size, size, 3).
        cell: side of a cell in pixels; size is a multiple of it.
    """
    pixels = images.astype(np.float32)
    across, down = np.zeros_like(pixels), np.zeros_like(pixels)
    across[:, :, 1:-1] = pixels[:, :, 2:] - pixels[:, :, :-2]
    down[:, 1:-1] = pixels[:, 2:] - pixels[:, :-2]
    lengths = np.hypot(across, down)
    longest = lengths.argmax(axis=-1)[..., None]
    length, x, y = (
        np.take_along_axis(one, longest, axis=-1)[..., 0] for one in (lengths, across, down)
    )
    place = (np.arctan2(y, x) % np.pi) / np.pi * ORIENTATIONS - 0.5
    low = np.floor(place)
    share = (place - low).astype(np.float32)
    n, size = images.shape[0], images.shape[1]
    cells = size // cell
    histogram = np.zeros((n, cells, cells, ORIENTATIONS), np.float32)
    for index, weight in ((low, 1 - share), (low + 1, share)):
        bins = index.astype(int) % ORIENTATIONS
        for orientation in range(ORIENTATIONS):
            votes = np.where(bins == orientation, length * weight, 0)
            grouped = votes.reshape(n, cells, cell, cells, cell)
            histogram[..., orientation] += grouped.sum(axis=(2, 4))
    blocks = np.concatenate(
        [
            histogram[:, i : cells - _BLOCK + 1 + i, j : cells - _BLOCK + 1 + j]
            for i in range(_BLOCK)
            for j in range(_BLOCK)
        ],
        axis=-1,
    )
    blocks = _normalised(np.minimum(_normalised(blocks), _CLIP))
    return blocks.reshape(n, -1)


def _normalised(blocks: np.ndarray) -> np.ndarray:
    return blocks / np.sqrt((blocks**2).sum(axis=-1, keepdims=True) + _SMALL**2)

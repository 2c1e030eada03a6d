"""Cut a square out of a photo, which may reach beyond its edges."""

from __future__ import annotations

import numpy as np


def cut_square(photo: np.ndarray, left: float, top: float, side: float, size: int) -> np.ndarray:
    """Return a square of a photo, resized; what lies outside of the photo repeats its edge.

    Args:
        photo: uint8 (h, w, 3).
        left: left edge of the square, in pixels of the photo.
        top: its upper edge.
        side: its side.
        size: height and width of the result, in pixels.

    Returns:
        uint8 (size, size, 3), by Pillow's antialiased bilinear filter.
    """
    from PIL import Image

    height, width = photo.shape[:2]
    margin = int(np.ceil(max(0, -left, -top, left + side - width, top + side - height)))
    if margin:
        photo = np.pad(photo, ((margin, margin), (margin, margin), (0, 0)), mode="edge")
    box = (left + margin, top + margin, left + side + margin, top + side + margin)
    small = Image.fromarray(photo).resize((size, size), Image.Resampling.BILINEAR, box)
    return np.asarray(small)

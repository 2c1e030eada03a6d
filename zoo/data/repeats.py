"""Finds duplicate examples in a split, including photos that were encoded again."""

from __future__ import annotations

import numpy as np

from zoo.data.photos import Photos

_SIDE = 16
# Largest root mean square difference of two equal thumbnails, on 0…255. Encoding the placeholder
# image of cats_vs_dogs again changed it by 1; the nearest other photo differs by more than 60.
_SAME = 3.0
_CHUNK = 1_000


def repeated_examples(x: np.ndarray | Photos) -> np.ndarray:
    """Return which examples have duplicates, such as placeholders for missing photos.

    Photos are compared as thumbnails of 16 × 16 pixels: they count as equal if these differ by less
    than 3 of 255 (root mean square), as after encoding again. Other examples are compared exactly.
    Labels are not compared.

    Args:
        x: the examples of a split: float32 (n, inputs), uint8 (n, h, w, 3), or `Photos`.

    Returns:
        bool (n,), True for every example that has a duplicate.

    >>> import numpy as np
    >>> repeated_examples(np.array([[0, 0], [0, 1], [0, 0]], np.float32))
    array([ True, False,  True])
    """
    if isinstance(x, Photos) or x.ndim == 4:
        return _near_another(np.stack([_thumbnail(photo) for photo in x]))
    _, which, times = np.unique(
        x.reshape(len(x), -1), axis=0, return_inverse=True, return_counts=True
    )
    return times[which.ravel()] > 1


def _thumbnail(photo: np.ndarray) -> np.ndarray:
    from PIL import Image

    small = Image.fromarray(photo).resize((_SIDE, _SIDE), Image.Resampling.BOX)
    return np.asarray(small, np.float32).ravel()


def _near_another(thumbnails: np.ndarray) -> np.ndarray:
    squares = np.sum(thumbnails**2, axis=1)
    limit = _SAME**2 * thumbnails.shape[1]
    near = np.zeros(len(thumbnails), bool)
    for at in range(0, len(thumbnails), _CHUNK):
        rows = slice(at, at + _CHUNK)
        products = thumbnails[rows] @ thumbnails.T
        distances = squares[rows, None] + squares - 2 * products
        # Every thumbnail is near itself.
        near[rows] = np.count_nonzero(distances < limit, axis=1) > 1
    return near

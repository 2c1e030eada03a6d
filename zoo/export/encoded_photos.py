"""Test photos as files of every kind that the SavedModel's second signature reads."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

from zoo.data.photos import Photos

_PHOTOS = 8
_ORIENTATION = 0x0112


def encoded_photos(photos: np.ndarray | Photos) -> list[bytes]:
    """Return photos as JPEG and PNG files in all the ways they are stored.

    With EXIF orientations 1 to 8, progressive, gray, CMYK, with a palette, with an alpha channel.

    Args:
        photos: uint8 (h, w, 3) each; a few of them are taken, evenly spread.
    """
    count = min(_PHOTOS, len(photos))
    chosen = [photos[int(at)] for at in np.linspace(0, len(photos) - 1, count)]
    return [file for photo in chosen for file in _variants(Image.fromarray(np.asarray(photo)))]


def truncated(file: bytes) -> bytes:
    """Return the first half of a file."""
    return file[: len(file) // 2]


def _variants(photo: Image.Image) -> list[bytes]:
    gray = photo.convert("L")
    # From clear on the left to opaque on the right.
    ramp = np.linspace(0, 255, photo.width).round().astype(np.uint8)
    alpha = Image.fromarray(np.repeat(ramp[None], photo.height, axis=0))
    clear, clear_gray = photo.copy(), gray.convert("LA")
    clear.putalpha(alpha)
    clear_gray.putalpha(alpha)
    deep = Image.fromarray(np.asarray(gray, np.uint16) * 257)
    return [
        *(_file(photo, "JPEG", orientation, quality=90) for orientation in range(1, 9)),
        *(_file(photo, "PNG", orientation) for orientation in (1, 6)),
        _file(photo, "JPEG", progressive=True),
        _file(gray, "JPEG"),
        _file(photo.convert("CMYK"), "JPEG"),
        *(_file(given, "PNG") for given in (gray, clear, clear_gray, deep)),
        _file(photo.quantize(32), "PNG"),
        _file(photo.quantize(32), "PNG", transparency=1),
        _file(photo.convert("1"), "PNG"),
    ]


def _file(photo: Image.Image, kind: str, orientation: int | None = None, **how: Any) -> bytes:
    if orientation:
        tags = Image.Exif()
        tags[_ORIENTATION] = orientation
        how["exif"] = tags
    stream = io.BytesIO()
    photo.save(stream, kind, **how)
    return stream.getvalue()

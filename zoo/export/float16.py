"""Large weights in float16: rounded in the Keras model, and stored so where that loses nothing.

Only what is stored is half as large: the Keras model, the SavedModel and ONNX still compute in
float32, with the rounded weights, and so answer alike.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import h5py
import numpy as np

from zoo.errors import ZooError

WEIGHTS = ("float32", "float16")
# A smaller array is not worth a conversion whenever it is read.
_LARGE = 2**16


def is_exact(array: np.ndarray) -> bool:
    """Return whether an array is large, of float32, and loses nothing as float16."""
    if not _is_large(array):
        return False
    with np.errstate(over="ignore"):
        return bool((array.astype(np.float16) == array).all())


def _is_large(array: np.ndarray | h5py.Dataset) -> bool:
    return array.size >= _LARGE and array.dtype == np.float32


def write_rounded(source: Path, target: Path) -> None:
    """Write a `model.keras` with its large weights rounded to float16, compressed.

    Keras reads it as any other; the bits that rounding clears take no room in a compressed file.
    The same source gives the same bytes.

    Raises:
        ZooError: if a weight is too large for float16.
    """
    with zipfile.ZipFile(source) as given, zipfile.ZipFile(target, "w") as made:
        for name in sorted(given.namelist()):
            content = given.read(name)
            if name.endswith(".h5"):
                content = _rounded(content)
            # An entry without a date.
            made.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, compresslevel=9)


def _rounded(content: bytes) -> bytes:
    buffer = io.BytesIO(content)
    with h5py.File(buffer, "r+") as file:
        file.visititems(lambda name, item: _round(item))
    return buffer.getvalue()


def _round(item: h5py.Group | h5py.Dataset) -> None:
    if not (isinstance(item, h5py.Dataset) and _is_large(item)):
        return
    with np.errstate(over="ignore"):
        rounded = item[()].astype(np.float16)
    if not np.isfinite(rounded).all():
        raise ZooError(
            f"A weight is larger than {np.finfo(np.float16).max:,.0f}, the most that float16 "
            "holds; export with --weights float32."
        )
    item[...] = rounded.astype(np.float32)

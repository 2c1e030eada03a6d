"""Store large weights in float16.

The weights are rounded in the Keras model, so that every file can store them in float16 without
further loss. The Keras model, the SavedModel and ONNX still compute in float32 with them.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import h5py
import numpy as np

from zoo.errors import ZooError

WEIGHTS = ("float32", "float16")
# For smaller arrays the conversion at load time is not worth the saved space.
_LARGE = 2**16


def is_exact(array: np.ndarray) -> bool:
    """Return whether an array is large, float32, and exactly representable in float16."""
    if not _is_large(array):
        return False
    with np.errstate(over="ignore"):
        return bool((array.astype(np.float16) == array).all())


def _is_large(array: np.ndarray | h5py.Dataset) -> bool:
    return array.size >= _LARGE and array.dtype == np.float32


def write_rounded(source: Path, target: Path) -> None:
    """Write a compressed copy of a `model.keras` with its large weights rounded to float16.

    The weights are still float32; their cleared bits take almost no space after compression. The
    same source gives the same bytes.

    Raises:
        ZooError: if a weight is too large for float16.
    """
    with zipfile.ZipFile(source) as given, zipfile.ZipFile(target, "w") as made:
        for name in sorted(given.namelist()):
            content = given.read(name)
            if name.endswith(".h5"):
                content = _rounded(content)
            # A ZipInfo without a date, so that the bytes do not depend on the time.
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

"""Arrays as JSON: base64 of little-endian numbers, full or in steps between two ends."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np


def pack(numbers: np.ndarray) -> dict[str, Any]:
    """Return an array as float32: {"shape": [...], "float32": base64}, in C order.

    >>> pack(np.array([0.5, 1]))
    {'shape': [2], 'float32': 'AAAAPwAAgD8='}
    """
    numbers = np.asarray(numbers)
    return {"shape": list(numbers.shape), "float32": _text(numbers, "<f4")}


def pack_levels(numbers: np.ndarray, bits: int = 16) -> dict[str, Any]:
    """Return an array in 2^bits evenly spaced levels from its minimum to its maximum.

    Args:
        numbers: finite; of any shape, not empty.
        bits: 8 or 16.

    Returns:
        {"shape": [...], "minimum": …, "maximum": …, "uint16" or "uint8": base64}, in C order.
        Level k is minimum + (maximum − minimum) · k / (2^bits − 1).

    >>> pack_levels(np.array([-1, 0.5, 2]), bits=8)
    {'shape': [3], 'minimum': -1.0, 'maximum': 2.0, 'uint8': 'AID/'}
    """
    numbers = np.asarray(numbers, np.float64)
    minimum, maximum = float(numbers.min()), float(numbers.max())
    scale = (2**bits - 1) / (maximum - minimum) if maximum > minimum else 0.0
    return {
        "shape": list(numbers.shape),
        "minimum": minimum,
        "maximum": maximum,
        f"uint{bits}": _text(np.rint((numbers - minimum) * scale), f"<u{bits // 8}"),
    }


def unpack(packed: dict[str, Any]) -> np.ndarray:
    """Return the array of `pack` or `pack_levels`, float32.

    >>> unpack(pack_levels(np.array([[0, 3, 255]]), bits=8)).tolist()
    [[0.0, 3.0, 255.0]]
    """
    if "float32" in packed:
        numbers = np.frombuffer(base64.b64decode(packed["float32"]), "<f4")
        return numbers.reshape(packed["shape"])
    bits = 8 if "uint8" in packed else 16
    levels = np.frombuffer(base64.b64decode(packed[f"uint{bits}"]), f"<u{bits // 8}")
    low, high = packed["minimum"], packed["maximum"]
    numbers = low + (high - low) * (levels / (2**bits - 1))
    return numbers.astype(np.float32).reshape(packed["shape"])


def _text(numbers: np.ndarray, dtype: str) -> str:
    return base64.b64encode(numbers.astype(dtype).tobytes()).decode("ascii")

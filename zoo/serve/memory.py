"""Memory that a large photo took, given back to the system; where the C library is glibc."""

from __future__ import annotations

import contextlib
import ctypes

_M_MMAP_THRESHOLD = -3
_BLOCK_BYTES = 2**20


def return_large_blocks() -> None:
    """Have every block of 1 MiB or more returned when it is freed, for the whole process.

    glibc otherwise raises its limit to the largest block that it saw freed, and keeps what is below
    in a heap for each thread: a page that once saw a large photo would hold that for ever.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _BLOCK_BYTES)


def give_back() -> None:
    """Have what is free in smaller blocks returned now."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)

"""Returning freed memory to the operating system (glibc; elsewhere these functions do nothing)."""

from __future__ import annotations

import contextlib
import ctypes

_M_MMAP_THRESHOLD = -3
_BLOCK_BYTES = 2**20


def release_large_blocks() -> None:
    """Make the process return every block of 1 MiB or more to the system when it is freed.

    By default glibc raises this limit to the largest block freed so far and keeps smaller blocks
    in per-thread heaps, so that the memory of one large photo would never be returned.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _BLOCK_BYTES)


def trim_heap() -> None:
    """Return free memory in smaller blocks to the system now."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)

"""Memory-mapped pages, which count as memory of the process until they are released."""

from __future__ import annotations

import mmap
import threading
from typing import Any

import numpy as np

from zoo.data.photos import Photos

# Reads between two releases. One may map 2 MiB, since Linux keeps files in large pages.
_PIECE = 2**26 // 2**21


def release_pages(examples: Any) -> None:
    """Release the pages of a memory-mapped array or of `Photos`; they stay in the page cache.

    Nothing happens for other examples, or where the system cannot release pages.
    """
    array = examples.encoded_files if isinstance(examples, Photos) else examples
    while isinstance(array, np.ndarray):
        array = array.base
    if isinstance(array, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        array.madvise(mmap.MADV_DONTNEED)


class MappedReader:
    """Reads memory-mapped examples, and releases their pages again and again.

    So the memory of a process does not grow with the data that it streams: at most 64 MiB of the
    file are mapped per thread.

    Args:
        examples: array or `Photos`, usually memory-mapped.
    """

    def __init__(self, examples: np.ndarray | Photos):
        self._examples = examples
        self._unreleased = 0
        self._lock = threading.Lock()

    def rows(self, indices: np.ndarray) -> np.ndarray:
        """Return the examples at some indices of an array."""
        examples: Any = self._examples
        found = np.empty((len(indices), *examples.shape[1:]), examples.dtype)
        for at in range(0, len(indices), _PIECE):
            piece = indices[at : at + _PIECE]
            found[at : at + _PIECE] = examples[piece]
            self._count(len(piece))
        return found

    def photo(self, index: int) -> np.ndarray:
        """Return one of `Photos`, decoded."""
        found = self._examples[index]
        self._count(1)
        return found

    def _count(self, reads: int) -> None:
        with self._lock:
            self._unreleased += reads
            if self._unreleased < _PIECE:
                return
            self._unreleased = 0
        release_pages(self._examples)

"""Memory-mapped pages, which count as memory of the process until they are released."""

from __future__ import annotations

import mmap
import threading
from typing import Any

import numpy as np

from zoo.data.photos import Photos

# Linux maps the 16 pages around the one that is read.
_AROUND_BYTES = 16 * 4096
_LIMIT_BYTES = 64 * 2**20


def release_pages(examples: Any) -> None:
    """Release the pages of a memory-mapped array or of `Photos`; they stay in the page cache.

    Nothing happens for other examples, or where the system cannot release pages.
    """
    array = examples.encoded_files if isinstance(examples, Photos) else examples
    while isinstance(array, np.ndarray):
        array = array.base
    if isinstance(array, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        array.madvise(mmap.MADV_DONTNEED)


class MappedPages:
    """Releases the pages of memory-mapped examples again and again while they are read.

    So the memory of a process does not grow with the data that it streams.

    Args:
        examples: memory-mapped array or `Photos`; nothing happens for other examples.
    """

    def __init__(self, examples: Any):
        self._examples = examples
        self._bytes = 0
        self._lock = threading.Lock()

    def count(self, rows: int, size: int) -> None:
        """Count what was read, and release all pages once that may be 64 MiB.

        Args:
            rows: number of examples.
            size: their bytes.
        """
        with self._lock:
            self._bytes += size + rows * _AROUND_BYTES
            if self._bytes < _LIMIT_BYTES:
                return
            self._bytes = 0
        release_pages(self._examples)

"""Examples in memory-mapped files, read so that the memory of the process does not grow."""

from __future__ import annotations

import mmap
import os
import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from zoo.data.photos import Photos
from zoo.errors import ZooError

# Reads between two releases. One may map 2 MiB, since Linux keeps files in large pages.
_READS = 2**26 // 2**21


def release_pages(examples: Any) -> None:
    """Release the pages of a memory-mapped array or of `Photos`; they stay in the page cache.

    Nothing happens for other examples, or where the system cannot release pages.
    """
    array = examples.encoded_files if isinstance(examples, Photos) else examples
    while isinstance(array, np.ndarray):
        array = array.base
    if isinstance(array, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        array.madvise(mmap.MADV_DONTNEED)


def reader_of(examples: np.ndarray | Photos) -> Callable[..., np.ndarray]:
    """Return a function of indices that returns rows of an array, or of an index of `Photos`.

    Several threads may call it.
    """
    if isinstance(examples, Photos):
        return _PhotoReader(examples).read
    return _row_reader(examples)


def _row_reader(array: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function that returns the rows at some indices of an array.

    Rows of a memory-mapped array are read from its file, since pages that are mapped count as
    memory of the process, and 2 MiB may be mapped for one row.
    """
    mapped: Any = array
    # A slice of a mapped array says the offset of the whole, which is the last one of the chain.
    while isinstance(mapped, np.ndarray) and isinstance(mapped.base, np.ndarray):
        mapped = mapped.base
    is_file = isinstance(mapped, np.memmap) and mapped.filename and mapped.mode != "c"
    if not is_file or not hasattr(os, "pread"):
        return lambda rows: array[rows]
    try:
        return _FileRows(array, mapped).read
    except OSError:
        # A store outside of the cache has no file any more.
        return lambda rows: array[rows]


class _FileRows:
    def __init__(self, array: np.ndarray, mapped: np.memmap):
        self._shape, self._dtype, self._row = array.shape[1:], array.dtype, array[:1].nbytes
        if not array.flags.c_contiguous:
            raise OSError("its rows are not one after another")
        self._start = mapped.offset + array.ctypes.data - mapped.ctypes.data
        self._file = os.open(mapped.filename or "", os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        weakref.finalize(self, os.close, self._file)

    def read(self, rows: np.ndarray) -> np.ndarray:
        places = [self._start + self._row * int(row) for row in rows]
        if hasattr(os, "posix_fadvise"):
            # If they are not in the page cache, the disk reads them at the same time.
            for place in places:
                os.posix_fadvise(self._file, place, self._row, os.POSIX_FADV_WILLNEED)
        content = b"".join([os.pread(self._file, self._row, place) for place in places])
        if len(content) < len(rows) * self._row:
            raise ZooError(
                "The cache has become shorter while it was read; run `zoo data clear` and train "
                "again."
            )
        return np.frombuffer(content, self._dtype).reshape(len(rows), *self._shape)


class _PhotoReader:
    """Reads `Photos`, and releases the pages of their file after every 32.

    Args:
        photos: the photos.
    """

    def __init__(self, photos: Photos):
        self._photos = photos
        self._reads = 0
        self._lock = threading.Lock()

    def read(self, index: int) -> np.ndarray:
        found = self._photos[index]
        with self._lock:
            self._reads += 1
            if self._reads < _READS:
                return found
            self._reads = 0
        release_pages(self._photos)
        return found

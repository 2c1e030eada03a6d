"""Photos of different sizes, stored encoded and decoded on access."""

from __future__ import annotations

import operator
from collections.abc import Iterator

import numpy as np

from zoo.errors import ZooError


class Photos:
    """A read-only sequence of photos, each decoded on access.

    `photos[3]` is one photo, uint8 (h, w, 3), 0…255; a slice or an array of indices gives another
    `Photos`, which shares the encoded bytes. Reading from several threads at once is safe.

    Args:
        encoded: uint8 (bytes,), the concatenated files, usually memory-mapped.
        starts: int64 (n,), offset of each photo's file in `encoded`.
        ends: int64 (n,), offset of its end.
    """

    def __init__(self, encoded: np.ndarray, starts: np.ndarray, ends: np.ndarray):
        self._encoded = encoded
        self._starts = starts
        self._ends = ends

    def __len__(self) -> int:
        return len(self._starts)

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index):
        try:
            at = operator.index(index)
        except TypeError:
            return Photos(self._encoded, self._starts[index], self._ends[index])
        return self._decode(at)

    def __repr__(self) -> str:
        return f"<{len(self)} photos of different sizes>"

    def encoded(self, index: int) -> bytes:
        """Return the content of one photo's JPEG, PNG or other file.

        Raises:
            IndexError: if there is no such photo.
        """
        return self._encoded[self._starts[index] : self._ends[index]].tobytes()

    @property
    def encoded_files(self) -> np.ndarray:
        """All files, one after another, uint8 (bytes,)."""
        return self._encoded

    def _decode(self, index: int) -> np.ndarray:
        from zoo.edge import InputError, decode

        try:
            return decode(self.encoded(index))
        except InputError as error:
            # Every photo was decoded once when the cache was built.
            raise ZooError(
                f"Photo {index} can no longer be decoded ({error}); "
                "the cache is damaged, so run `zoo data clear` and load again."
            ) from error

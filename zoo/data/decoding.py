"""Decoding photos on all cores, with only a few of them in memory at a time."""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from zoo.data.dataset import example_digest
from zoo.data.photo_source import EncodedPhoto, PhotoSource

# Small photos are decoded in batches, since handing one to a thread costs as much as decoding it;
# the limit in bytes keeps few large photos in memory.
_BATCH_PHOTOS = 64
_BATCH_BYTES = 256 * 2**10
# Above this size, photos of one size are stored encoded too, to save disk space.
DECODED_LIMIT_BYTES = 4 * 2**30


# A photo with its pixels and their hash, None for one that cannot be decoded.
_Result = tuple[EncodedPhoto, np.ndarray | None, bytes | None]


class Decoded(NamedTuple):
    """What is recorded of a photo: among others its hash, None if it could not be decoded."""

    name: str
    label: int
    split: str
    digest: bytes | None
    position: int


class Spool:
    """Temporary files that hold the readable photos in the order they were read.

    Args:
        folder: an empty folder to write into.
    """

    def __init__(self, folder: Path):
        self._paths = (folder / "spool.encoded", folder / "spool.pixels")
        self._encoded: BinaryIO = self._paths[0].open("wb+")
        self._pixels: BinaryIO = self._paths[1].open("wb+")
        self._ends: list[int] = [0]
        self._shape: tuple[int, ...] | None = None
        self._one_size = True

    def __len__(self) -> int:
        return len(self._ends) - 1

    def append(self, encoded: bytes, pixels: np.ndarray) -> None:
        """Add one photo."""
        self._encoded.write(encoded)
        self._ends.append(self._ends[-1] + len(encoded))
        self._shape = self._shape or pixels.shape
        fits = pixels.nbytes * len(self) <= DECODED_LIMIT_BYTES
        if self._one_size and pixels.shape == self._shape and fits:
            self._pixels.write(np.ascontiguousarray(pixels).data)
        elif self._one_size:
            self._one_size = False
            self._pixels.truncate(0)

    def pixels(self) -> np.ndarray | None:
        """Return all photos, uint8 (n, h, w, 3), or None if they differ in size."""
        if self._shape is None or not self._one_size:
            return None
        self._pixels.flush()
        return np.memmap(self._paths[1], np.uint8, mode="r", shape=(len(self), *self._shape))

    def encoded(self) -> tuple[np.ndarray, np.ndarray]:
        """Return all files one after another, uint8 (bytes,), and where each begins and ends."""
        self._encoded.flush()
        return np.memmap(self._paths[0], np.uint8, "r"), np.array(self._ends, np.int64)

    def remove(self) -> None:
        """Close and delete the files."""
        self._encoded.close()
        self._pixels.close()
        for path in self._paths:
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def decode_all(
    source: PhotoSource, folder: Path, progress: Callable[[int, int], None] | None
) -> Iterator[tuple[list[Decoded], Spool]]:
    """Decode every photo of a source into a spool in `folder`, which is removed after the block.

    Raises:
        ZooError: if the source cannot be read.
        OSError: if the folder cannot be written.
    """
    spool = Spool(folder)
    try:
        decoded: list[Decoded] = []
        for photo, pixels, digest in _decode_in_order(source.read()):
            decoded.append(Decoded(photo.name, photo.label, photo.split, digest, len(spool)))
            if pixels is not None:
                spool.append(photo.encoded, pixels)
            if progress:
                progress(len(decoded), source.total)
        yield decoded, spool
    finally:
        spool.remove()


def _decode_in_order(
    photos: Iterable[EncodedPhoto],
) -> Iterator[_Result]:
    cores = os.cpu_count() or 1
    with ThreadPoolExecutor(cores) as pool:
        pending: deque[Future[list[_Result]]] = deque()
        for batch in _batches(photos):
            pending.append(pool.submit(_decode_batch, batch))
            if len(pending) > 2 * cores:
                yield from pending.popleft().result()
        while pending:
            yield from pending.popleft().result()


def _batches(photos: Iterable[EncodedPhoto]) -> Iterator[list[EncodedPhoto]]:
    batch: list[EncodedPhoto] = []
    size = 0
    for photo in photos:
        batch.append(photo)
        size += len(photo.encoded)
        if len(batch) == _BATCH_PHOTOS or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _decode_batch(batch: list[EncodedPhoto]) -> list[_Result]:
    from zoo.edge import InputError, decode

    results: list[_Result] = []
    for photo in batch:
        try:
            pixels = decode(photo.encoded)
        except InputError:
            results.append((photo, None, None))
        else:
            results.append((photo, pixels, example_digest(pixels)))
    return results

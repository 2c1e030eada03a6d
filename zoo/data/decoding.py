"""Decoding photos on all cores, with only a few of them in memory at a time."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from zoo.data.dataset import example_digest
from zoo.data.photo_source import EncodedPhoto

# Small photos are decoded in batches, since handing one to a thread costs as much as decoding it;
# the limit in bytes keeps few large photos in memory.
_BATCH_PHOTOS = 64
_BATCH_BYTES = 256 * 2**10

_Result = tuple[EncodedPhoto, np.ndarray | None, bytes | None]


class Decoded(NamedTuple):
    """What is recorded of a photo: among others its hash, None if it could not be decoded."""

    name: str
    label: int
    split: str
    digest: bytes | None


def decode_in_order(
    photos: Iterable[EncodedPhoto],
) -> Iterator[tuple[EncodedPhoto, np.ndarray | None, bytes | None]]:
    """Yield each photo with its pixels and their hash, None for one that cannot be decoded."""
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

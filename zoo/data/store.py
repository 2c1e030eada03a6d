"""A decoded data set as a folder of memory-mapped files.

Every photo is written once, into one file: photos of one size as their pixels, in the order of the
splits, and photos of different sizes as the files they came from, in the order of reading.
"""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from zoo.data.dataset import SPLITS, Split
from zoo.data.photos import Photos

# Increase this when the layout of the files, or the decoding of photos, changes.
FORMAT = 3
_META = "meta.json"
_PIXELS = "photos.pixels"
_ENCODED = "photos.encoded"
_BUFFER_BYTES = 2**22


class DamagedStoreError(Exception):
    """The files in a store do not match its description."""


@dataclass(frozen=True)
class StoredPhotos:
    """The content of a store; photos stay on disk until they are accessed."""

    fingerprint: str
    labels: tuple[str, ...]
    splits: dict[str, Split]


class PixelFile:
    """The file of photos of one size, each at the position it is given.

    Args:
        folder: an existing folder.
        shape: of every photo, (h, w, 3).
        photos: the number of positions.

    Raises:
        OSError: if the file cannot be written; where the system can reserve space, a full disk
            raises at once.
    """

    def __init__(self, folder: Path, shape: tuple[int, ...], photos: int):
        self.shape = tuple(shape)
        self._bytes = math.prod(self.shape)
        self._path = folder / _PIXELS
        self._stream: BinaryIO = self._path.open("wb+", buffering=0)
        try:
            _reserve(self._stream, self._bytes * photos)
        except OSError:
            self.remove()
            raise

    def write(self, position: int, pixels: np.ndarray) -> None:
        """Write one photo, uint8 (h, w, 3), or several that follow each other, (n, h, w, 3)."""
        self._write(position, np.ascontiguousarray(pixels).data.cast("B"))

    def arrange(self, order: Sequence[int]) -> None:
        """Move photos, so that the one at `order[i]` comes to position i; the others are removed.

        Nothing is written for photos that stay where they are, and one photo is in memory at a
        time.
        """
        source = list(order)
        used = set(source)
        unused = (position for position in range(max(used, default=-1) + 1) if position not in used)
        # As a permutation of all positions, it consists of cycles.
        source += [next(unused) for _ in range(max(used, default=-1) + 1 - len(source))]
        for start in range(len(source)):
            if source[start] == start:
                continue
            held, position = self._read(start), start
            while source[position] != start:
                self._write(position, self._read(source[position]))
                source[position], position = position, source[position]
            self._write(position, held)
            source[position] = position
        self._stream.truncate(self._bytes * len(order))

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def remove(self) -> None:
        """Close and delete the file."""
        self._stream.close()
        self._path.unlink(missing_ok=True)

    def _read(self, position: int) -> bytes:
        self._stream.seek(position * self._bytes)
        return self._stream.read(self._bytes)

    def _write(self, position: int, content: bytes | memoryview) -> None:
        self._stream.seek(position * self._bytes)
        written = 0
        # A system call may write less than it is given.
        while written < len(content):
            written += self._stream.write(content[written:]) or 0


class EncodedFile:
    """The files of photos of different sizes, one after another.

    Args:
        folder: an existing folder.

    Raises:
        OSError: if the file cannot be written.
    """

    def __init__(self, folder: Path):
        self._stream: BinaryIO = (folder / _ENCODED).open("wb", buffering=_BUFFER_BYTES)
        self._ends = [0]

    def append(self, encoded: bytes) -> None:
        """Write the next photo's file."""
        self._stream.write(encoded)
        self._ends.append(self._ends[-1] + len(encoded))

    def close(self) -> np.ndarray:
        """Close the file and return where each photo begins and ends, int64 (n, 2)."""
        self._stream.close()
        ends = np.array(self._ends, np.int64)
        return np.stack([ends[:-1], ends[1:]], axis=1)


def finish(
    folder: Path,
    fingerprint: str,
    labels: Sequence[str],
    targets: Mapping[str, np.ndarray],
    *,
    shape: tuple[int, ...] | None = None,
    places: Mapping[str, np.ndarray] | None = None,
) -> None:
    """Write what makes a folder with a closed `PixelFile` or `EncodedFile` a store.

    Args:
        folder: that holds the file.
        fingerprint: of the data set.
        labels: names of the classes.
        targets: split → int64 (n,), label indices.
        shape: of every photo in a `PixelFile`, which holds the splits' photos in order; or
        places: split → int64 (n, 2), where its photos begin and end in an `EncodedFile`.

    Raises:
        OSError: if the files cannot be written.
    """
    for split in SPLITS:
        np.save(folder / f"{split}.targets.npy", targets[split])
        if places is not None:
            np.save(folder / f"{split}.places.npy", places[split])
    files = sorted(folder.iterdir())
    meta = {
        "format": FORMAT,
        "fingerprint": fingerprint,
        "labels": list(labels),
        "shape": None if shape is None else list(shape),
        "files": {path.name: _describe(path) for path in files},
    }
    (folder / _META).write_text(json.dumps(meta, indent=2) + "\n", encoding="utf-8")
    for path in (*files, folder / _META):
        with path.open("rb+") as stream:
            os.fsync(stream.fileno())


def read(folder: Path) -> StoredPhotos:
    """Open a store; photos are memory-mapped, so the time does not depend on their number.

    Raises:
        DamagedStoreError: if a file is missing, has another size than when it was written, or has
            unexpected content. A changed byte inside the photos is not detected.
    """
    try:
        meta = json.loads((folder / _META).read_text(encoding="utf-8"))
        if meta["format"] != FORMAT:
            raise DamagedStoreError(f"{folder} has format {meta['format']}, not {FORMAT}")
        for name, described in meta["files"].items():
            if _describe(folder / name) != described:
                raise DamagedStoreError(f"{folder / name} has changed since it was written")
        targets = {split: np.load(folder / f"{split}.targets.npy") for split in SPLITS}
        photos = _encoded(folder) if meta["shape"] is None else _pixels(folder, meta, targets)
        splits = {split: Split(photos[split], targets[split]) for split in SPLITS}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DamagedStoreError(f"{folder} cannot be read: {error}") from error
    for name, split in splits.items():
        if len(split.x) != len(split.y):
            raise DamagedStoreError(f"{name} in {folder} does not hold {len(split.y)} photos")
    return StoredPhotos(meta["fingerprint"], tuple(meta["labels"]), splits)


def _pixels(folder: Path, meta: dict, targets: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return one memory-mapped array per split, so that each can be released on its own."""
    height, width, channels = meta["shape"]
    found, at = {}, 0
    for split in SPLITS:
        photos = len(targets[split])
        shape = (photos, height, width, channels)
        mapped = (
            np.memmap(folder / _PIXELS, np.uint8, "r", at, shape) if photos else np.empty(shape)
        )
        found[split] = np.asarray(mapped, np.uint8)
        at += math.prod(shape)
    if at != (folder / _PIXELS).stat().st_size:
        raise DamagedStoreError(f"{folder / _PIXELS} does not hold the photos of all splits")
    return found


def _encoded(folder: Path) -> dict[str, Photos]:
    encoded = np.asarray(np.memmap(folder / _ENCODED, np.uint8, "r"))
    found = {}
    for split in SPLITS:
        places = np.load(folder / f"{split}.places.npy")
        if len(places) and not 0 <= places.min() <= places.max() <= len(encoded):
            raise DamagedStoreError(f"{split} in {folder} has photos outside of the file")
        found[split] = Photos(encoded, places[:, 0], places[:, 1])
    return found


def _describe(path: Path) -> dict[str, int | str]:
    described: dict[str, int | str] = {"bytes": path.stat().st_size}
    # Only the small files are hashed: reading all photos at every start would take too long.
    if path.suffix == ".npy":
        described["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    return described


def _reserve(stream: BinaryIO, size: int) -> None:
    """Reserve the space of a file, so that a full disk is noticed before anything is decoded."""
    if size and hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(stream.fileno(), 0, size)
        except OSError as error:
            # Some file systems cannot reserve space.
            if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS):
                raise

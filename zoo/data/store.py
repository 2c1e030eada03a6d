"""A decoded data set as a folder of memory-mapped files."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from zoo.data.dataset import SPLITS, Split
from zoo.data.decoding import Spool
from zoo.data.photos import Photos

# Increase this when the layout of the files, or the decoding of photos, changes.
FORMAT = 2
_META = "meta.json"
_CHUNK = 1_000
_COPY_BYTES = 2**24


class DamagedStoreError(Exception):
    """The files in a store do not match its description."""


@dataclass(frozen=True)
class StoredPhotos:
    """The content of a store; photos stay on disk until they are accessed."""

    fingerprint: str
    labels: tuple[str, ...]
    splits: dict[str, Split]


def write(
    folder: Path,
    fingerprint: str,
    labels: Sequence[str],
    targets: Mapping[str, np.ndarray],
    positions: Mapping[str, np.ndarray],
    spool: Spool,
) -> None:
    """Write a store.

    Args:
        folder: an existing folder.
        fingerprint: of the data set.
        labels: names of the classes.
        targets: split → int64 (n,), label indices.
        positions: split → int64 (n,), indices of the split's photos in the spool, in order.
        spool: the decoded photos.

    Raises:
        OSError: if the files cannot be written.
    """
    pixels = spool.pixels()
    for split in SPLITS:
        np.save(folder / f"{split}.targets.npy", targets[split])
        if pixels is not None:
            _write_pixels(folder / f"{split}.pixels.npy", pixels, positions[split])
        else:
            _write_encoded(folder, split, *spool.encoded(), positions[split])
    _write_meta(folder, fingerprint, labels, one_size=pixels is not None)


def write_images(
    folder: Path,
    fingerprint: str,
    labels: Sequence[str],
    targets: Mapping[str, np.ndarray],
    shape: tuple[int, int, int],
    parts: Iterable[tuple[str, np.ndarray]],
) -> None:
    """Write a store of images of one size, of which only a part is in memory at a time.

    Args:
        folder: an existing folder.
        fingerprint: of the data set.
        labels: names of the classes; () for values.
        targets: split → y.
        shape: height, width and 3.
        parts: (split, images), uint8 (n, *shape), of each split in the order of its targets.

    Raises:
        OSError: if the files cannot be written.
    """
    with contextlib.ExitStack() as stack:
        streams = {}
        for split in SPLITS:
            np.save(folder / f"{split}.targets.npy", targets[split])
            stream = stack.enter_context((folder / f"{split}.pixels.npy").open("wb"))
            _write_header(stream, (len(targets[split]), *shape))
            streams[split] = stream
        for split, images in parts:
            streams[split].write(np.ascontiguousarray(images).data)
    _write_meta(folder, fingerprint, labels, one_size=True)


def _write_meta(folder: Path, fingerprint: str, labels: Sequence[str], one_size: bool) -> None:
    files = sorted(path for path in folder.iterdir() if not path.name.startswith("spool."))
    meta = {
        "format": FORMAT,
        "fingerprint": fingerprint,
        "labels": list(labels),
        "one_size": one_size,
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
        splits = {split: _read_split(folder, split, meta["one_size"]) for split in SPLITS}
        return StoredPhotos(meta["fingerprint"], tuple(meta["labels"]), splits)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DamagedStoreError(f"{folder} cannot be read: {error}") from error


def _read_split(folder: Path, split: str, one_size: bool) -> Split:
    y = np.load(folder / f"{split}.targets.npy")
    x: np.ndarray | Photos
    if one_size:
        x = np.asarray(np.load(folder / f"{split}.pixels.npy", mmap_mode="r"))
        sound = x.dtype == np.uint8 and x.ndim == 4 and x.shape[3] == 3
    else:
        encoded = np.asarray(np.memmap(folder / f"{split}.photos", np.uint8, "r"))
        offsets = np.load(folder / f"{split}.offsets.npy")
        x = Photos(encoded, offsets[:-1], offsets[1:])
        sound = offsets[-1] == len(encoded)
    if not sound or len(x) != len(y):
        raise DamagedStoreError(f"{split} in {folder} does not hold {len(y)} photos")
    return Split(x, y)


def _describe(path: Path) -> dict[str, int | str]:
    described: dict[str, int | str] = {"bytes": path.stat().st_size}
    # Only the small files are hashed: reading all photos at every start would take too long.
    if path.name.endswith((".targets.npy", ".offsets.npy")):
        described["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    return described


def _write_pixels(path: Path, pixels: np.ndarray, positions: np.ndarray) -> None:
    with path.open("wb") as stream:
        _write_header(stream, (len(positions), *pixels.shape[1:]))
        for at in range(0, len(positions), _CHUNK):
            stream.write(pixels[positions[at : at + _CHUNK]].data)


def _write_header(stream: BinaryIO, shape: tuple[int, ...]) -> None:
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)


def _write_encoded(
    folder: Path, split: str, encoded: np.ndarray, ends: np.ndarray, positions: np.ndarray
) -> None:
    lengths = np.diff(ends)[positions]
    np.save(folder / f"{split}.offsets.npy", np.concatenate([[0], np.cumsum(lengths)]))
    with (folder / f"{split}.photos").open("wb", buffering=_COPY_BYTES) as stream:
        for position in positions:
            stream.write(encoded[ends[position] : ends[position + 1]].data)

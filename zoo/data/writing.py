"""Decodes the photos of a source and writes each once, into the files of a store."""

from __future__ import annotations

import math
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from zoo import edge
from zoo.data import cache
from zoo.data.dataset import SPLITS
from zoo.data.decoding import Decoded, decode_in_order
from zoo.data.photo_source import PhotoSource
from zoo.data.splits import canonical_order
from zoo.data.store import EncodedFile, PixelFile
from zoo.errors import ZooError
from zoo.utils.text import printable

Progress = Callable[[int, int], None]
# Above this size, photos of one size are stored encoded too, to save disk space.
DECODED_LIMIT_BYTES = 4 * 2**30


class Written(NamedTuple):
    """What was written.

    Args:
        by_split: split → its photos, in order.
        skipped: printable names of the photos that could not be decoded, sorted.
        shape: of every photo in the `PixelFile`; or
        places: split → int64 (n, 2), where its photos are in the `EncodedFile`.
    """

    by_split: dict[str, list[Decoded]]
    skipped: tuple[str, ...]
    shape: tuple[int, ...] | None = None
    places: dict[str, np.ndarray] | None = None


class _Outline(NamedTuple):
    """The shape of all photos of a source, and name → position in the `PixelFile`.

    They are the final positions if all photos can be decoded and none has duplicates.
    """

    shape: tuple[int, ...]
    position_of: dict[str, int]


class _DifferentSizesError(Exception):
    pass


def write_photos(source: PhotoSource, folder: Path, progress: Progress | None) -> Written:
    """Decode all photos of a source and write them to a `PixelFile` or an `EncodedFile`.

    Args:
        source: of the photos.
        folder: an empty folder.
        progress: called with (done, total) while photos are decoded.

    Raises:
        ZooError: if the photos cannot be read, are too few to split, have equal names, or need
            more space than is free.
        OSError: if the folder cannot be written for another reason.
    """
    outline = _one_size(source)
    if outline is not None:
        needed = math.prod(outline.shape) * len(outline.position_of)
        try:
            return _with_space(
                source, folder, needed, lambda: _write_pixels(source, folder, outline, progress)
            )
        except _DifferentSizesError:
            # Their files have one size, but some of them are rotated when they are decoded.
            pass
    return _with_space(
        source, folder, source.encoded_bytes, lambda: _write_encoded(source, folder, progress)
    )


def _one_size(source: PhotoSource) -> _Outline | None:
    """Return the outline of photos of one size, or None if they are to be stored encoded.

    Only the first photo is decoded, and reading ends at the first photo of another size.
    """
    shape: tuple[int, ...] | None = None
    photos = []
    for photo in source.read():
        # A digest of its own, as no other photo is known to be equal.
        digest = photo.name.encode(errors="surrogateescape")
        photos.append(Decoded(photo.name, photo.label, photo.split, digest))
        try:
            if shape is None:
                shape = edge.decode(photo.encoded).shape
                if math.prod(shape) * source.total > DECODED_LIMIT_BYTES:
                    return None
            elif not _has_shape(photo.encoded, shape):
                return None
        except edge.InputError:
            continue
    if shape is None:
        return None
    ordered = _in_order(_by_split(source, photos))
    return _Outline(shape, {photo.name: position for position, photo in enumerate(ordered)})


def _has_shape(encoded: bytes, shape: tuple[int, ...]) -> bool:
    # The size in a file is that before an EXIF rotation.
    return edge.photo_size(encoded) == shape[:2] or edge.decode(encoded).shape == shape


def _write_pixels(
    source: PhotoSource, folder: Path, outline: _Outline, progress: Progress | None
) -> Written:
    shape, position_of = outline
    file = PixelFile(folder, shape, len(position_of))
    try:
        decoded = []
        for photo, pixels, digest in decode_in_order(source.read()):
            decoded.append(Decoded(photo.name, photo.label, photo.split, digest))
            if pixels is not None:
                if pixels.shape != shape:
                    raise _DifferentSizesError
                file.write(position_of[photo.name], pixels)
            if progress:
                progress(len(decoded), source.total)
        by_split = _by_split(source, [photo for photo in decoded if photo.digest is not None])
        file.arrange([position_of[photo.name] for photo in _in_order(by_split)])
    except _DifferentSizesError:
        file.remove()
        raise
    finally:
        file.close()
    return Written(by_split, _skipped(decoded), shape=shape)


def _write_encoded(source: PhotoSource, folder: Path, progress: Progress | None) -> Written:
    file = EncodedFile(folder)
    try:
        decoded = []
        position_of: dict[str, int] = {}
        for photo, pixels, digest in decode_in_order(source.read()):
            decoded.append(Decoded(photo.name, photo.label, photo.split, digest))
            if pixels is not None:
                position_of[photo.name] = len(position_of)
                file.append(photo.encoded)
            if progress:
                progress(len(decoded), source.total)
        by_split = _by_split(source, [photo for photo in decoded if photo.digest is not None])
    finally:
        places = file.close()
    places_of = {
        split: places[np.array([position_of[photo.name] for photo in photos], np.int64)]
        for split, photos in by_split.items()
    }
    return Written(by_split, _skipped(decoded), places=places_of)


def _by_split(source: PhotoSource, photos: list[Decoded]) -> dict[str, list[Decoded]]:
    _require_distinct(source, photos)
    split_of = source.finalise_splits(photos)
    ordered = [photos[index] for index in canonical_order([photo.name for photo in photos])]
    return {
        split: [photo for photo in ordered if split_of[photo.name] == split] for split in SPLITS
    }


def _in_order(by_split: dict[str, list[Decoded]]) -> list[Decoded]:
    return [photo for split in SPLITS for photo in by_split[split]]


def _skipped(decoded: Sequence[Decoded]) -> tuple[str, ...]:
    return tuple(sorted(printable(photo.name) for photo in decoded if photo.digest is None))


def _require_distinct(source: PhotoSource, photos: Sequence[Decoded]) -> None:
    names = [photo.name for photo in photos]
    name, count = Counter(names).most_common(1)[0] if names else ("", 0)
    if count > 1:
        raise ZooError(
            f"{source.name} has {count} photos named '{printable(name)}'; "
            "give every photo a unique name."
        )


def _with_space(
    source: PhotoSource, folder: Path, needed: int, write: Callable[[], Written]
) -> Written:
    """Return what `write` does, or raise an error if there is too little space."""
    what = f"The {source.total:,} photos of {source.name}"
    free = shutil.disk_usage(folder).free
    cache.require_space(folder, needed, what)
    try:
        return write()
    except OSError as error:
        if error.errno not in cache.FULL:
            raise
        raise cache.too_little_space(folder, needed, what, free) from error

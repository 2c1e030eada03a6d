"""Makes a data set from a source of encoded photos, through the cache."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from zoo.data import cache, store
from zoo.data.dataset import SPLITS, Dataset, fingerprint
from zoo.data.decoding import Decoded, decode_all
from zoo.data.duplicates import duplicates_note
from zoo.data.photo_source import PhotoSource
from zoo.data.splits import canonical_order
from zoo.errors import ZooError
from zoo.utils.text import printable

Progress = Callable[[int, int], None]


def load_photo_set(source: PhotoSource, progress: Progress | None = None) -> Dataset:
    """Return the data set of a source's photos, decoded now or taken from the cache.

    Args:
        source: of the photos.
        progress: called with (done, total) while photos are decoded; not called for cached photos.

    Raises:
        ZooError: if the photos cannot be read or are too few to split.
    """
    key = cache.entry_key(source.key())
    entry = cache.find(source.name, key) or cache.add(
        source.name, key, lambda folder: _build(source, folder, progress), source.place
    )
    splits = entry.content.splits
    return Dataset(
        name=source.name,
        kind="image",
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
        labels=entry.content.labels,
        fingerprint=entry.content.fingerprint,
        skipped=entry.skipped,
        notes=(*source.notes, *entry.notes),
    )


def _build(source: PhotoSource, folder: Path, progress: Progress | None) -> cache.Built:
    with decode_all(source, folder, progress) as (decoded, spool):
        skipped = sorted(printable(photo.name) for photo in decoded if photo.digest is None)
        readable = [photo for photo in decoded if photo.digest is not None]
        _require_distinct(source, readable)
        split_of = source.finalise_splits(readable)
        by_split = _by_split(readable, split_of)
        targets = {
            split: np.array([photo.label for photo in photos], np.int64)
            for split, photos in by_split.items()
        }
        digests = {
            split: [photo.digest for photo in photos if photo.digest is not None]
            for split, photos in by_split.items()
        }
        content_hash = fingerprint(source.labels, digests, targets)
        positions = {
            split: np.array([photo.position for photo in photos], np.int64)
            for split, photos in by_split.items()
        }
        store.write(folder, content_hash, source.labels, targets, positions, spool)
    note = duplicates_note(readable, split_of)
    return cache.Built(tuple(skipped), (note,) if note else ())


def _require_distinct(source: PhotoSource, readable: list[Decoded]) -> None:
    names = [photo.name for photo in readable]
    name, count = Counter(names).most_common(1)[0] if names else ("", 0)
    if count > 1:
        raise ZooError(
            f"{source.name} has {count} photos named '{printable(name)}'; "
            "give every photo a unique name."
        )


def _by_split(readable: list[Decoded], split_of: dict[str, str]) -> dict[str, list[Decoded]]:
    ordered = [readable[index] for index in canonical_order([photo.name for photo in readable])]
    return {
        split: [photo for photo in ordered if split_of[photo.name] == split] for split in SPLITS
    }

"""Makes a data set from a source of encoded photos, through the cache."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from zoo.data import cache, store
from zoo.data.dataset import Dataset, fingerprint
from zoo.data.duplicates import duplicates_note
from zoo.data.photo_source import PhotoSource
from zoo.data.writing import Progress, write_photos


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
    written = write_photos(source, folder, progress)
    targets = {
        split: np.array([photo.label for photo in photos], np.int64)
        for split, photos in written.by_split.items()
    }
    digests = {
        split: [photo.digest for photo in photos if photo.digest is not None]
        for split, photos in written.by_split.items()
    }
    store.finish(
        folder,
        fingerprint(source.labels, digests, targets),
        source.labels,
        targets,
        shape=written.shape,
        places=written.places,
    )
    readable = [photo for photos in written.by_split.values() for photo in photos]
    split_of = {photo.name: split for split, photos in written.by_split.items() for photo in photos}
    note = duplicates_note(readable, split_of)
    return cache.Built(written.skipped, (*source.found, *([note] if note else [])))

"""Makes a data set from a source of encoded photos, through the cache."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from zoo.data import cache, store
from zoo.data.dataset import Dataset, fingerprint
from zoo.data.duplicates import duplicates_note
from zoo.data.photo_source import PhotoSource
from zoo.data.writing import Progress, write_photos
from zoo.registry.tasks import Value


def load_photo_set(source: PhotoSource, progress: Progress | None = None) -> Dataset:
    """Return the data set of a source's photos, decoded now or taken from the cache.

    Args:
        source: of the photos.
        progress: called with (done, total) while photos are decoded; not called for cached photos.

    Raises:
        ZooError: if the photos cannot be read or are too few to split.
    """
    return cached_dataset(
        source.name,
        cache.entry_key(source.key()),
        lambda folder: _build(source, folder, progress),
        source.place,
        notes=source.notes,
    )


def cached_dataset(
    name: str,
    key: str,
    build: cache.Build,
    place: str,
    *,
    notes: Sequence[str],
    values: Sequence[Value] = (),
) -> Dataset:
    """Return the data set of images that the cache has under a key, or builds.

    Args:
        name: of the data set.
        key: as for `cache.add`, like `build` and `place`.
        build: writes the store.
        place: what the images come from.
        notes: before those of the entry.
        values: names and units of the targets; () for classes.

    Raises:
        ZooError: as `build` and `cache.add`.
    """
    entry = cache.find(name, key) or cache.add(name, key, build, place)
    splits = entry.content.splits
    return Dataset(
        name=name,
        kind="image",
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
        labels=entry.content.labels,
        values=tuple(values),
        fingerprint=entry.content.fingerprint,
        skipped=entry.skipped,
        notes=(*notes, *entry.notes),
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

"""A data set from a .npz file: x and y, or one pair for each split."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from zoo.data import cache, store
from zoo.data.arrays import (
    digest_hashes,
    image_digests,
    kind_of,
    split_rows,
    splits_notes,
    target_lines,
    three_channels,
    vector_dataset,
)
from zoo.data.carving import repeats_note
from zoo.data.dataset import SPLITS, Dataset, fingerprint
from zoo.data.listing import SPLIT_NAMES
from zoo.data.npz_members import Member, NpzFile
from zoo.data.photo_set import cached_dataset
from zoo.data.photo_source import files_key
from zoo.data.places import Request
from zoo.data.targets import Targets, targets_of, value_names, value_of
from zoo.errors import ZooError
from zoo.registry.tasks import Value
from zoo.utils.text import printable

# Increase this when splits or images are made in another way: they are cached.
_RULE = 1
_NAMES = ("labels", "values", "inputs")
_EXPECTED = (
    "x and y, or x_train, y_train, x_test, y_test and any x_validation, y_validation; also labels, "
    "values or inputs, texts that name them"
)


def load_npz(request: Request) -> Dataset:
    """Return the data set of a .npz file.

    It holds x and y, or x_train, y_train and the same of test or validation (or val), as
    `from_arrays` takes them, and may hold the names `labels`, `values` and `inputs`. Images are
    written to the cache, from which they are read as they are needed.

    Args:
        request: its `data_dir` is the file.

    Raises:
        ZooError: if the file cannot be read, or as `from_arrays`.
    """
    file = NpzFile(Path(request.data_dir or ""))
    found = _Arrays(file)
    kind = kind_of(file.where, {split: member[1:] for split, member in found.shapes.items()})
    if kind == "image":
        return _load_images(request, found)
    x = {split: file.read(member.name) for split, member in found.x.items()}
    return vector_dataset(
        request.name,
        file.where,
        x,
        found.targets(),
        inputs=found.names["inputs"],
        notes=found.notes,
    )


class _Arrays:
    """Which of a file's arrays are x and y of which split, and the names in it."""

    def __init__(self, file: NpzFile):
        self.file = file
        self.x: dict[str, Member] = {}
        self.y: dict[str, Member] = {}
        used = set()
        for member in file.members.values():
            what, _, split = member.name.lower().partition("_")
            split = SPLIT_NAMES.get(split, "") if split else "train"
            if what in ("x", "y") and split:
                of = self.x if what == "x" else self.y
                if split in of:
                    raise ZooError(
                        f"{file.where} holds both {of[split].name} and {member.name}; keep one."
                    )
                of[split] = member
                used.add(member.name)
        self._require_pairs()
        self.names = {name: self._texts(name) for name in _NAMES}
        ignored = [name for name in file.members if name not in used and name not in _NAMES]
        self.notes = [f"Ignored arrays: {printable(', '.join(ignored))}."] if ignored else []

    @property
    def shapes(self) -> dict[str, tuple[str, tuple[int, ...], np.dtype]]:
        """Split → name, shape and type of x."""
        return {split: (of.name, of.shape, of.dtype) for split, of in self.x.items()}

    @property
    def values(self) -> tuple[Value, ...]:
        """Names and units of the values; () for classes. Only headers are read."""
        y = self.y["train"]
        named = self.names["values"]
        if named is not None:
            return tuple(map(value_of, named))
        if y.dtype.kind != "f" or self.names["labels"] is not None:
            return ()
        count = y.shape[1] if len(y.shape) > 1 else 1
        return tuple(Value(name) for name in value_names(count))

    def targets(self) -> Targets:
        """Return the targets of the splits given."""
        return targets_of(
            self.file.where,
            {split: self.file.read(of.name) for split, of in self.y.items()},
            self.names["labels"],
            self.names["values"],
        )

    def _require_pairs(self) -> None:
        for split in SPLITS:
            x, y = self.x.get(split), self.y.get(split)
            if bool(x) != bool(y) or (split == "train" and not x):
                listed = printable(", ".join(self.file.members)) or "nothing"
                raise ZooError(f"{self.file.where} holds {listed}; give {_EXPECTED}.")
            if x and y and (not x.shape or not y.shape or x.shape[0] != y.shape[0]):
                raise ZooError(
                    f"{self.file.where} has {x.name} of the shape {x.shape} and {y.name} of "
                    f"{y.shape}; give one y per x."
                )

    def _texts(self, name: str) -> list[str] | None:
        if name not in self.file.members:
            return None
        texts = self.file.read(name)
        if texts.ndim != 1 or texts.dtype.kind != "U":
            raise ZooError(
                f"{self.file.where} has {name} of the type {texts.dtype} and shape {texts.shape}; "
                "give texts, (n,)."
            )
        return [str(text) for text in texts]


def _load_images(request: Request, found: _Arrays) -> Dataset:
    if found.names["inputs"] is not None:
        raise ZooError(f"{found.file.where} names inputs, but x are images; leave inputs out.")
    path = found.file.path
    key = cache.entry_key(f"npz {_RULE} {files_key(path.parent, [path])}")
    return cached_dataset(
        request.name,
        key,
        lambda folder: _build(found, folder),
        str(path.resolve()),
        notes=found.notes,
        values=found.values,
    )


def _build(found: _Arrays, folder: Path) -> cache.Built:
    """Write the images of a file to a store, reading them twice: to split them, and to write."""
    where, targets = found.file.where, found.targets()
    needed = 3 * sum(math.prod(member.shape[:3]) for member in found.x.values())
    cache.require_space(folder, needed, f"The images of {where[0].lower()}{where[1:]}")
    digests = {
        split: np.concatenate([image_digests(part) for part in _images(found, split)])
        for split in found.x
    }
    hashes = {split: digest_hashes(of_split) for split, of_split in digests.items()}
    rows = split_rows(where, hashes, targets, "image")
    of_split = {split: digests[of][chosen] for split, (of, chosen) in rows.items()}
    y = {split: targets.y[of][chosen] for split, (of, chosen) in rows.items()}
    height, width = found.x["train"].shape[1:3]
    pixels = store.PixelFile(folder, (height, width, 3), sum(map(len, y.values())))
    try:
        for position, images in _parts(found, rows):
            pixels.write(position, images)
    finally:
        pixels.close()
    content_hash = fingerprint(target_lines(targets), of_split, y)
    store.finish(folder, content_hash, targets.labels, y, shape=pixels.shape)
    note = repeats_note(
        {split: digest_hashes(array) for split, array in of_split.items()}, "images"
    )
    return cache.Built((), (*splits_notes(found.x), *([note] if note else [])))


def _images(found: _Arrays, split: str) -> Iterator[np.ndarray]:
    for part in found.file.parts(found.x[split].name):
        yield three_channels(part)


def _parts(
    found: _Arrays, rows: dict[str, tuple[str, np.ndarray]]
) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the images part by part, each with the position of the first among all splits'."""
    sizes = [len(rows[split][1]) for split in SPLITS]
    begins = dict(zip(SPLITS, np.cumsum([0, *sizes]), strict=False))
    for given in found.x:
        at = 0
        chosen = {split: indices for split, (of, indices) in rows.items() if of == given}
        for images in _images(found, given):
            for split, indices in chosen.items():
                first, last = np.searchsorted(indices, [at, at + len(images)])
                if last > first:
                    yield int(begins[split] + first), images[indices[first:last] - at]
            at += len(images)

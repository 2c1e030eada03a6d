"""The lecture's two photo data sets, as TensorFlow Datasets (TFDS) prepares them on disk."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoo.data.dataset import SPLITS
from zoo.data.decoding import Decoded
from zoo.data.duplicates import group_duplicates
from zoo.data.photo_source import EncodedPhoto, files_key
from zoo.data.splits import split_by_name
from zoo.data.tfds_files import (
    READ_AT_ONCE,
    Reference,
    find_prepared,
    import_tfds,
    prepared_files,
    unreadable,
)
from zoo.errors import ZooError

# Increase this when the splitting rule changes: cached photos are stored by split.
_RULE = 2


@dataclass(frozen=True)
class Layout:
    """How a prepared data set is split.

    Args:
        identity: the feature that identifies examples.
        fractions: TFDS split → fractions of (validation, test), by a hash of the identity.
        server: from which TFDS downloads it.
    """

    identity: str
    fractions: Mapping[str, tuple[float, float]]
    server: str


LAYOUTS = {
    "cifar10": Layout(
        "id", {"train": (0.1, 0.0), "test": (0.0, 1.0)}, "https://www.cs.toronto.edu"
    ),
    "cats_vs_dogs": Layout(
        "image/filename", {"train": (0.1, 0.2)}, "https://download.microsoft.com"
    ),
}


class TfdsPhotos:
    """The photos of a data set that TFDS has downloaded and prepared.

    Args:
        name: a key of `LAYOUTS`.
        data_dir: the folder in which TFDS stores data sets; by default TFDS_DATA_DIR, else
            ~/tensorflow_datasets.

    Raises:
        ZooError: if the data set is not in it.
    """

    def __init__(self, name: str, data_dir: str | Path | None):
        self.name = name
        self._layout = LAYOUTS[name]
        self._reference = reference(name)
        self._folder = find_prepared(self._reference, data_dir)
        try:
            info = json.loads((self._folder / "dataset_info.json").read_text(encoding="utf-8"))
            counts = {
                split["name"]: sum(int(length) for length in split["shardLengths"])
                for split in info["splits"]
            }
            self._counts = {split: counts[split] for split in self._layout.fractions}
            labels = (self._folder / "label.labels.txt").read_text(encoding="utf-8")
            self.labels = tuple(labels.split())
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise unreadable(self._reference, self._folder, error) from error

    @property
    def total(self) -> int:
        """Number of examples, according to TFDS."""
        return sum(self._counts.values())

    @property
    def encoded_bytes(self) -> int:
        """Size of the prepared files."""
        return sum(path.stat().st_size for path in prepared_files(self._folder))

    def key(self) -> str:
        """Return a hash of the names, sizes and modification times of the prepared files."""
        return f"{_RULE} {files_key(self._folder.parent, prepared_files(self._folder))}"

    def read(self) -> Iterator[EncodedPhoto]:
        """Yield the examples; only this method imports TensorFlow Datasets.

        Raises:
            ZooError: if it is not installed or the files cannot be read.
        """
        tensorflow, tfds = import_tfds()
        try:
            builder = tfds.builder_from_directory(str(self._folder))
            for split, fractions in self._layout.fractions.items():
                batches = builder.as_dataset(
                    split=split,
                    batch_size=READ_AT_ONCE,
                    decoders={"image": tfds.decode.SkipDecoding()},
                )
                for batch in tfds.as_numpy(batches):
                    yield from self._photos(batch, fractions)
        except (tensorflow.errors.OpError, OSError, ValueError, KeyError) as error:
            raise unreadable(self._reference, self._folder, error) from error

    @property
    def place(self) -> str:
        """The folder of the prepared files."""
        return str(self._folder.resolve())

    @property
    def notes(self) -> tuple[str, ...]:
        """Empty: there are no other files to report on."""
        return ()

    @property
    def found(self) -> tuple[str, ...]:
        """Empty: there is nothing more to tell."""
        return ()

    def finalise_splits(self, photos: Sequence[Decoded]) -> dict[str, str]:
        """Return the split of every photo; equal photos are in that of the first by hash.

        Raises:
            ZooError: if a split is empty.
        """
        split_of = {
            photo.name: group[0].split for group in group_duplicates(photos) for photo in group
        }
        for split in SPLITS:
            if split not in split_of.values():
                raise ZooError(
                    f"None of the {len(photos)} readable photos in {self._folder} is in the split "
                    f"{split}; prepare the whole data set."
                )
        return split_of

    def _photos(
        self, batch: Mapping[str, Any], fractions: tuple[float, float]
    ) -> Iterator[EncodedPhoto]:
        names = batch[self._layout.identity]
        for name, label, encoded in zip(names, batch["label"], batch["image"], strict=True):
            # On Windows, names have backslashes; the split must not depend on them.
            identity = name.decode(errors="surrogateescape").replace("\\", "/")
            yield EncodedPhoto(identity, int(label), split_by_name(identity, *fractions), encoded)


def reference(name: str) -> Reference:
    """Return what names one of the `LAYOUTS` to TFDS."""
    return Reference(name, server=LAYOUTS[name].server)

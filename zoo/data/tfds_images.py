"""The images of a data set that TFDS has prepared, as a source of encoded photos."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from zoo.data.arrays import splits_notes
from zoo.data.dataset import SPLITS
from zoo.data.decoding import Decoded
from zoo.data.duplicates import group_duplicates
from zoo.data.folder import FRACTIONS
from zoo.data.photo_source import EncodedPhoto, files_key
from zoo.data.splits import split_by_fractions
from zoo.data.tfds_files import prepared_files
from zoo.data.tfds_prepared import UNLABELLED, Prepared, unlabelled_notes
from zoo.errors import ZooError
from zoo.utils.text import printable

# Increase this when the splitting rule changes: cached photos are stored by split.
_RULE = 1


class TfdsImages:
    """The images of a prepared data set, as a source of encoded photos.

    Args:
        prepared: the data set.
    """

    def __init__(self, prepared: Prepared):
        self.name = prepared.name
        self.labels = prepared.labels
        self._prepared = prepared
        self._unlabelled: Counter[str] = Counter()

    @property
    def total(self) -> int:
        """Number of examples, according to TFDS."""
        counts = self._prepared.metadata.counts
        return sum(counts[split] for split in self._prepared.split_of)

    @property
    def encoded_bytes(self) -> int:
        """Size of the prepared files."""
        folder = self._prepared.metadata.folder
        return sum(path.stat().st_size for path in prepared_files(folder))

    @property
    def place(self) -> str:
        """The folder of the prepared files, and the label that is read."""
        folder = self._prepared.metadata.folder.resolve()
        return f"{folder}, {self._prepared.chosen.target.name}"

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on features and splits that are not used."""
        given = dict.fromkeys(split or "train" for split in self._prepared.split_of.values())
        return (*self._prepared.notes, *splits_notes(given))

    @property
    def found(self) -> tuple[str, ...]:
        """Sentences on images that have no label, once they have been read."""
        return unlabelled_notes(self._unlabelled, self._prepared)

    def key(self) -> str:
        """Return a hash of the files' names, sizes and modification times, and the features."""
        folder, chosen = self._prepared.metadata.folder, self._prepared.chosen
        files = prepared_files(folder)
        used = f"{chosen.inputs[0].name} {chosen.target.name}"
        return f"{_RULE} {used} {files_key(folder.parent, files)}"

    def read(self) -> Iterator[EncodedPhoto]:
        """Yield the images that have a label; only this method imports TensorFlow Datasets.

        Raises:
            ZooError: if it is not installed or the files cannot be read.
        """
        names = _UniqueNames()
        self._unlabelled.clear()
        for tfds_split, split in self._prepared.split_of.items():
            for batch in self._prepared.read(tfds_split):
                for identity, encoded, label in self._rows(batch):
                    if label == UNLABELLED:
                        self._unlabelled[tfds_split] += 1
                    else:
                        name = names.of(tfds_split, identity, encoded, label)
                        yield EncodedPhoto(name, label, split, encoded)

    def finalise_splits(self, photos: Sequence[Decoded]) -> dict[str, str]:
        """Return the split of every photo; photos that are equal are taken out of train together.

        Raises:
            ZooError: if a split has no photo.
        """
        split_of = {photo.name: photo.split for photo in photos}
        pool = [photo for photo in photos if photo.split in ("", "train")]
        given = set(split_of.values()) - {""}
        groups = [
            (group[0].label, [photo.name for photo in group]) for group in group_duplicates(pool)
        ]
        return {**split_of, **_carve(self.name, groups, given)}

    def _rows(self, batch: Mapping[str, Any]) -> Iterator[tuple[str, bytes, int]]:
        chosen = self._prepared.chosen
        images, labels = batch[chosen.inputs[0].name], batch[chosen.target.name]
        identities = batch[chosen.identity.name] if chosen.identity else [b""] * len(labels)
        for identity, encoded, label in zip(identities, images, labels, strict=True):
            is_text = isinstance(identity, bytes)
            name = identity.decode(errors="surrogateescape") if is_text else str(identity)
            # On Windows, names have backslashes; the split must not depend on them.
            yield name.replace("\\", "/"), encoded, int(label)


class _UniqueNames:
    """Names of examples that do not depend on the order in which they are read."""

    def __init__(self) -> None:
        self._given: Counter[str] = Counter()

    def of(self, split: str, identity: str, encoded: bytes, label: int) -> str:
        """Return the name of an example: its identity, else a hash of its content."""
        content = hashlib.sha256(encoded).hexdigest()[:32]
        name = f"{split}/{identity or f'{content} {label}'}"
        if identity and self._given[name]:
            name = f"{name} {content} {label}"
        self._given[name] += 1
        count = self._given[name]
        return name if count == 1 else f"{name} {count}"


def _carve(
    name: str, groups: Sequence[tuple[int, Sequence[str]]], given: set[str]
) -> dict[str, str]:
    """Return the split of every name of the examples that the missing splits are taken from.

    A class with too few examples for every split stays in train.

    Args:
        name: of the data set, for messages.
        groups: (class, names that must stay together).
        given: splits that have examples.

    Raises:
        ZooError: if a split would have no examples.
    """
    fractions = {split: part for split, part in FRACTIONS.items() if split not in given}
    split_of: dict[str, str] = {}
    for label in sorted({label for label, _ in groups}):
        of_label = [names for at, names in groups if at == label]
        if len(of_label) > len(fractions):
            split_of.update(split_by_fractions(of_label, fractions))
        else:
            split_of.update({name: "train" for names in of_label for name in names})
    for split in SPLITS:
        if split not in given and split not in split_of.values():
            raise ZooError(
                f"{printable(name)} has {len(split_of)} labelled examples in train, too few to "
                f"take {split} out of them; prepare the whole data set."
            )
    return split_of

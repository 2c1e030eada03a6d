"""Any data set that TFDS has prepared and that has images or numbers with labels or values.

Its own splits are used. A split that is missing, or has no labels, is taken out of train by a hash
of each example's content.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from zoo.data.dataset import SPLITS, Dataset
from zoo.data.decoding import Decoded
from zoo.data.duplicates import group_duplicates
from zoo.data.listing import SPLIT_NAMES
from zoo.data.photo_set import load_photo_set
from zoo.data.photo_source import EncodedPhoto, files_key
from zoo.data.places import Request
from zoo.data.splits import split_by_fractions
from zoo.data.tfds_features import Chosen, Metadata
from zoo.data.tfds_files import Reference, find_prepared, import_tfds, unreadable
from zoo.errors import ZooError
from zoo.utils.text import printable

# In the order in which examples are assigned.
FRACTIONS = {"test": 0.2, "validation": 0.1}
# Increase this when the splitting rule changes: cached photos are stored by split.
_RULE = 1
_READ_AT_ONCE = 256
_UNLABELLED = -1


@dataclass(frozen=True)
class Prepared:
    """A prepared data set, and what is read of it.

    Args:
        name: of the data set, such as "tfds:mnist".
        reference: its parts.
        metadata: what TFDS has written beside the examples.
        chosen: the features that are used.
        labels: names of the classes; () for values.
        split_of: TFDS split → "train", "validation", "test", or "" to be divided into all three.
    """

    name: str
    reference: Reference
    metadata: Metadata
    chosen: Chosen
    labels: tuple[str, ...]
    split_of: Mapping[str, str]

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on features and splits that are not used."""
        notes = []
        for what, names in (
            ("feature", self.chosen.ignored),
            ("split", [name for name in self.metadata.counts if name not in self.split_of]),
        ):
            if names:
                listed = ", ".join(printable(name) for name in names)
                many = len(names) > 1
                notes.append(f"The {what}{'s' * many} {listed} {'are' if many else 'is'} not used.")
        missing = " and ".join(split for split in SPLITS if split not in self.split_of.values())
        if "train" not in self.split_of.values():
            (whole,) = self.split_of
            notes.append(f"The split {printable(whole)} is divided into {', '.join(SPLITS)}.")
        elif missing:
            notes.append(f"There is no split for {missing}, which is taken out of train.")
        return tuple(notes)

    def read(self, split: str) -> Iterator[Mapping[str, Any]]:
        """Yield batches of one TFDS split; images stay encoded.

        Raises:
            ZooError: if TensorFlow Datasets is not installed or the files cannot be read.
        """
        tensorflow, tfds = import_tfds()
        chosen = self.chosen
        features = (*chosen.inputs, chosen.target, chosen.identity)
        names = [feature.name for feature in features if feature is not None]
        skipped = {chosen.inputs[0].name: tfds.decode.SkipDecoding()} if chosen.is_image else None
        try:
            builder = tfds.builder_from_directory(str(self.metadata.folder))
            batches = builder.as_dataset(
                split=split,
                batch_size=_READ_AT_ONCE,
                decoders=tfds.decode.PartialDecoding(
                    {name: builder.info.features[name] for name in names}, decoders=skipped
                ),
                read_config=tfds.ReadConfig(try_autocache=False),
            )
            yield from tfds.as_numpy(batches)
        except (tensorflow.errors.OpError, OSError, ValueError, KeyError, TypeError) as error:
            raise unreadable(self.reference, self.metadata.folder, error) from error


def load(request: Request) -> Dataset:
    """Return the data set that a request names, "tfds:NAME".

    Raises:
        ZooError: if it is not prepared, cannot be read, or its features do not fit.
    """
    prepared = _open(request)
    if not prepared.chosen.is_image:
        raise ZooError(f"{printable(request.name)} holds numbers, which are not read yet.")
    dataset = load_photo_set(TfdsImages(prepared), request.progress)
    return replace(dataset, target=request.target)


def _open(request: Request) -> Prepared:
    reference = Reference.parse(request.name)
    folder = find_prepared(reference, request.data_dir)
    try:
        metadata = Metadata.read(folder)
        chosen = metadata.choose(request.name, request.target)
        labels = metadata.labels(chosen.target)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise unreadable(reference, folder, error) from error
    split_of = _splits(request.name, metadata.counts)
    return Prepared(request.name, reference, metadata, chosen, labels, split_of)


def _splits(name: str, counts: Mapping[str, int]) -> dict[str, str]:
    """Return TFDS split → split, for those that are used."""
    filled = [split for split, count in counts.items() if count]
    split_of: dict[str, str] = {}
    for split in filled:
        known = SPLIT_NAMES.get(split.lower())
        if known and known not in split_of.values():
            split_of[split] = known
    if "train" in split_of.values():
        return split_of
    if len(filled) == 1:
        return {filled[0]: ""}
    listed = ", ".join(printable(split) for split in filled) or "none"
    raise ZooError(
        f"{printable(name)} has no split named train, and its splits are: {listed}; prepare it "
        "with a split named train."
    )


class TfdsImages:
    """The images of a prepared data set, as a source of encoded photos.

    Args:
        prepared: the data set.
    """

    def __init__(self, prepared: Prepared):
        self.name = prepared.name
        self.labels = prepared.labels
        self._prepared = prepared

    @property
    def total(self) -> int:
        """Number of examples, according to TFDS."""
        counts = self._prepared.metadata.counts
        return sum(counts[split] for split in self._prepared.split_of)

    @property
    def encoded_bytes(self) -> int:
        """Size of the prepared files."""
        folder = self._prepared.metadata.folder
        return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())

    @property
    def place(self) -> str:
        """The folder of the prepared files, and the label that is read."""
        folder = self._prepared.metadata.folder.resolve()
        return f"{folder}, {self._prepared.chosen.target.name}"

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on features and splits that are not used."""
        return self._prepared.notes

    def key(self) -> str:
        """Return a hash of the files' names, sizes and modification times, and the features."""
        folder, chosen = self._prepared.metadata.folder, self._prepared.chosen
        files = (path for path in folder.iterdir() if path.is_file())
        used = f"{chosen.inputs[0].name} {chosen.target.name}"
        return f"{_RULE} {used} {files_key(folder.parent, files)}"

    def read(self) -> Iterator[EncodedPhoto]:
        """Yield the images that have a label; only this method imports TensorFlow Datasets.

        Raises:
            ZooError: if it is not installed or the files cannot be read.
        """
        names = _UniqueNames()
        for tfds_split, split in self._prepared.split_of.items():
            for batch in self._prepared.read(tfds_split):
                for identity, encoded, label in self._rows(batch):
                    if label != _UNLABELLED:
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

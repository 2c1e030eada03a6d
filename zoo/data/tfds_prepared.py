"""A data set that TFDS has prepared: the features and splits that are used, and its examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from zoo.data.listing import SPLIT_NAMES
from zoo.data.places import Request
from zoo.data.tfds_features import Chosen, Metadata
from zoo.data.tfds_files import READ_AT_ONCE, Reference, find_prepared, import_tfds, unreadable
from zoo.errors import ZooError
from zoo.utils.text import printable

# Of a class label of an example that has none, such as in a test split whose labels are secret.
UNLABELLED = -1


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
        return tuple(notes)

    def read(self, split: str) -> Iterator[Mapping[str, Any]]:
        """Yield batches of one TFDS split; images stay encoded.

        Only this imports TensorFlow Datasets.

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
                batch_size=READ_AT_ONCE,
                decoders=tfds.decode.PartialDecoding(
                    {name: builder.info.features[name] for name in names}, decoders=skipped
                ),
                read_config=tfds.ReadConfig(try_autocache=False),
            )
            yield from tfds.as_numpy(batches)
        except (tensorflow.errors.OpError, OSError, ValueError, KeyError, TypeError) as error:
            raise unreadable(self.reference, self.metadata.folder, error) from error


def open_prepared(request: Request) -> Prepared:
    """Return the prepared data set that a request names.

    Raises:
        ZooError: if it is not prepared, cannot be read, or its features or splits do not fit.
    """
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


def unlabelled_notes(counts: Mapping[str, int], prepared: Prepared) -> tuple[str, ...]:
    """Return sentences on examples that have no label.

    Args:
        counts: TFDS split → number of examples without a label.
        prepared: the data set.
    """
    notes = []
    for split, count in counts.items():
        if count == prepared.metadata.counts[split]:
            whole = f"so it is not used, and {prepared.split_of[split]} is taken out of train"
            notes.append(f"The split {printable(split)} has no labels, {whole}.")
        elif count:
            notes.append(
                f"{count:,} example{'s' * (count > 1)} of the split {printable(split)} without a "
                f"label {'are' if count > 1 else 'is'} left out."
            )
    return tuple(notes)

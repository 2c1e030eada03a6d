"""The numbers of a data set that TFDS has prepared, as rows with classes or values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from zoo.data.arrays import vector_dataset
from zoo.data.dataset import Dataset
from zoo.data.targets import targets_of, value_of
from zoo.data.tfds_features import Chosen
from zoo.data.tfds_prepared import UNLABELLED, Prepared, unlabelled_notes
from zoo.errors import ZooError
from zoo.utils.text import printable


def load_rows(prepared: Prepared) -> Dataset:
    """Return the data set of rows of numbers, with TensorFlow Datasets.

    Raises:
        ZooError: if it is not installed, the files cannot be read, a number is not finite, or
            there are too few rows to split.
    """
    where = f"The data set {printable(prepared.name)}"
    x, y, unlabelled = {}, {}, {}
    for tfds_split, split in prepared.split_of.items():
        rows, targets = _arrays(prepared, tfds_split)
        _require_finite(prepared, tfds_split, rows, targets)
        labelled = targets != UNLABELLED if prepared.labels else np.ones(len(targets), bool)
        unlabelled[tfds_split] = int(np.sum(~labelled))
        if labelled.any():
            x[split or "train"], y[split or "train"] = rows[labelled], targets[labelled]
    if "train" not in x:
        raise ZooError(f"{where} has no labelled example in train; prepare the whole data set.")
    values = [] if prepared.labels else [value_of(prepared.chosen.target.name)]
    return vector_dataset(
        prepared.name,
        where,
        x,
        targets_of(where, y, prepared.labels or None, values or None),
        inputs=_names(prepared.chosen),
        notes=(*prepared.notes, *unlabelled_notes(unlabelled, prepared)),
    )


def _arrays(prepared: Prepared, split: str) -> tuple[np.ndarray, np.ndarray]:
    chosen = prepared.chosen
    parts = [
        (_inputs(batch, chosen), np.asarray(batch[chosen.target.name]))
        for batch in prepared.read(split)
    ]
    x, y = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return x, y.astype(np.int64) if prepared.labels else y.astype(np.float64)


def _inputs(batch: Mapping[str, Any], chosen: Chosen) -> np.ndarray:
    columns: list[np.ndarray] = []
    for feature in chosen.inputs:
        value = batch[feature.name]
        if feature.names:
            columns += [np.asarray(value[name]) for name in feature.names]
        else:
            columns += list(np.asarray(value).reshape(len(value), -1).T)
    return np.stack(columns, axis=1).astype(np.float64)


def _names(chosen: Chosen) -> tuple[str, ...] | None:
    """Return the names of the numbers, or None if they have none."""
    if any(feature.kind == "numbers" and not feature.names for feature in chosen.inputs):
        return None
    return tuple(name for feature in chosen.inputs for name in feature.names or (feature.name,))


def _require_finite(prepared: Prepared, split: str, x: np.ndarray, y: np.ndarray) -> None:
    chosen = prepared.chosen
    numbered = [f"{one.name}[{at}]" for one in chosen.inputs for at in range(one.width)]
    for array, names in ((x, _names(chosen) or numbered), (y[:, None], (chosen.target.name,))):
        wrong = np.argwhere(~np.isfinite(array))
        if len(wrong):
            row, column = wrong[0]
            raise ZooError(
                f"{printable(prepared.name)} has {array[row, column]} as "
                f"{printable(names[column])} of example {row + 1} of the split "
                f"{printable(split)}; every number must be finite."
            )

"""What pictures are made from: a run folder, a bundle, or a shipped model by name."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from zoo import components, data, edge
from zoo.data import Dataset
from zoo.errors import ZooError
from zoo.models import describe
from zoo.run_folder import RunFolder
from zoo.shipped import find_bundle

_BATCH = 250


@dataclass(frozen=True)
class Source:
    """A trained model and what it was trained on.

    Args:
        name: of the model.
        model: as Keras loads it.
        labels: of its data set.
        trained_on: {"name", …} of the data set.
        data_dir: where that lay in training, if it is known.
    """

    name: str
    model: keras.Model
    labels: tuple[str, ...]
    trained_on: dict[str, Any]
    data_dir: str | None

    def dataset(self, data_dir: str | None = None) -> Dataset:
        """Return the data set the model was trained on.

        Raises:
            ZooError: if it is not there.
        """
        return data.load(self.trained_on["name"], data_dir or self.data_dir)

    def outputs(self, examples) -> np.ndarray:
        """Return the model's outputs, float32 (examples, outputs)."""
        if isinstance(examples, np.ndarray):
            return self.model.predict(examples, batch_size=_BATCH, verbose=0)
        return np.concatenate([np.asarray(self.model(photo[None])) for photo in examples])

    def decide(self, examples) -> np.ndarray:
        """Return the index of the label decided on for each example, int64 (examples,)."""
        return decisions(self.outputs(examples), describe(self.name).threshold)


def decisions(outputs: np.ndarray, threshold: float) -> np.ndarray:
    """Return the index of the label decided on for each row of outputs, int64 (examples,)."""
    if outputs.shape[1] > 1:
        return outputs.argmax(axis=1)
    return (outputs[:, 0] >= threshold).astype(np.int64)


def open_source(run_or_bundle: str | Path) -> Source:
    """Return what a run folder, a bundle's folder or a shipped model's name stands for.

    Raises:
        ZooError: if it is none of these.
    """
    folder = RunFolder(run_or_bundle)
    if folder.config_path.is_file():
        config = folder.config()
        dataset = config["dataset"]
        model = components.load_model(folder.path)
        labels = tuple(dataset["labels"])
        return Source(config["model"], model, labels, dataset, config["data_dir"])
    bundle = find_bundle(run_or_bundle)
    manifest = edge.read_manifest(bundle)
    model = components.load_model(bundle)
    return Source(manifest["name"], model, tuple(manifest["labels"]), manifest["dataset"], None)


def history(run) -> list[dict[str, float]]:
    """Return the rows of a run's history.csv.

    Raises:
        ZooError: if it has none.
    """
    path = RunFolder(run).history_path
    if not path.is_file():
        raise ZooError(f"{run} has no history.csv; give the folder of a run.")
    with path.open(newline="", encoding="utf-8") as stream:
        rows = [
            {key: float(value) for key, value in row.items() if value}
            for row in csv.DictReader(stream)
        ]
    if not rows:
        raise ZooError(f"{path} has no finished epoch yet; let the training go on.")
    return rows

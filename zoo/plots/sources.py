"""What plots are made from: a run folder, a bundle, or a shipped model by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from zoo import data, edge
from zoo.bundles.shipped import find_bundle, is_name, require_weights
from zoo.data import Dataset
from zoo.data.dataset import target_names, with_units
from zoo.data.photos import Photos
from zoo.models import describe
from zoo.nn import loading
from zoo.registry.plugins import check_plugins, recorded_plugins
from zoo.registry.tasks import Task
from zoo.training.data_dir import recorded_data_dir
from zoo.training.run_folder import RunFolder, check_dataset, distinct_names

_BATCH = 250


@dataclass(frozen=True)
class Source:
    """A trained model and the data set it was trained on.

    Args:
        name: of the model.
        model: loaded by Keras.
        targets: class names of its data set, or names of values with their units.
        trained_on: {"name", "fingerprint", …} of the data set.
        data_dir: the folder the data was read from in training, if recorded.
    """

    name: str
    model: keras.Model
    targets: tuple[str, ...]
    trained_on: dict[str, Any]
    data_dir: str | None

    def require_plot(self, plot: str) -> None:
        """Raise an error unless a plot applies to the model.

        Raises:
            ZooError: naming those that do.
        """
        self.task.require_plot(plot, self.name)

    @property
    def task(self) -> Task:
        """The model's task."""
        return describe(self.name).task_of(self.model)

    def dataset(self, data_dir: str | None = None) -> Dataset:
        """Return the data set the model was trained on.

        Raises:
            ZooError: if it is missing, or its content differs from the training data.
        """
        found = data.load_again(self.trained_on, data_dir or self.data_dir)
        check_dataset(self.name, self.targets, self.trained_on["fingerprint"], found)
        return found

    def outputs(self, examples: np.ndarray | Photos) -> np.ndarray:
        """Return the model's outputs, float32 (examples, outputs)."""
        if isinstance(examples, np.ndarray):
            return self.model.predict(examples, batch_size=_BATCH, verbose=0)
        return np.concatenate([np.asarray(self.model(photo[None])) for photo in examples])

    def predictions(self, examples: np.ndarray | Photos) -> np.ndarray:
        """Return the model's predictions: label indices, int64 (examples,), or values."""
        return self.task.predictions(self.outputs(examples))

    def test_title(self, dataset: Dataset, predictions: np.ndarray) -> str:
        """Return a title with the primary metric of predictions on a data set's test split."""
        metric = self.task.primary
        figure = metric.text(metric.compute(predictions, dataset.test.y))
        return f"{self.name}, test set of {dataset.name}: {metric.title} {figure}"


def open_source(run_or_bundle: str | Path) -> Source:
    """Open a run folder, a bundle's folder or a shipped model by name.

    Raises:
        ZooError: if it is none of these.
    """
    folder = RunFolder(run_or_bundle)
    if not is_name(run_or_bundle) and folder.config_path.is_file():
        config = folder.config()
        folder.check_model()
        dataset = config["dataset"]
        model = loading.load_model(folder.path)
        return Source(config["model"], model, target_names(dataset), dataset, config["data_dir"])
    bundle = find_bundle(run_or_bundle)
    manifest = edge.read_manifest(bundle)
    check_plugins(str(bundle), recorded_plugins(manifest))
    require_weights(bundle)
    model = loading.load_model(bundle)
    data_dir = recorded_data_dir(bundle, manifest)
    targets = with_units(edge.names_of(manifest), manifest["output"].get("units"))
    return Source(manifest["name"], model, targets, manifest["dataset"], data_dir)


def history(run: str | Path) -> list[dict[str, float]]:
    """Return the rows of a run's history.csv.

    Raises:
        ZooError: if it has none, or it is damaged.
    """
    return RunFolder(run).history()


def histories(runs: Sequence) -> dict[str, dict[str, list[dict[str, float]]]]:
    """Return the histories of runs, grouped by data set so that losses can be compared.

    Args:
        runs: run folders.

    Returns:
        Title of a group → name of each run in it → its rows.

    Raises:
        ZooError: if one of them is not a run folder, is given twice, or has no history.
    """
    groups: dict[str, dict[str, list[dict[str, float]]]] = {}
    for name, run in zip(distinct_names(runs), runs, strict=True):
        rows = history(run)
        groups.setdefault(_group(RunFolder(run).config()), {})[name] = rows
    return groups


def metrics(runs: Sequence) -> dict[str, str]:
    """Return the primary metric of each group of `histories`, by the group's title.

    Raises:
        ZooError: if one of them is not a run folder.
    """
    configs = [RunFolder(run).config() for run in runs]
    return {_group(config): describe(config["model"]).task.primary.name for config in configs}


def _group(config: Mapping[str, Any]) -> str:
    dataset = config["dataset"]
    return f"data set {dataset['name']}, {dataset['fingerprint']}"

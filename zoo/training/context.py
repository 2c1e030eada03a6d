"""The settings and objects of a training, which are passed to a solver."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass

import keras
import tensorflow as tf

from zoo.data import Dataset
from zoo.errors import Preempted
from zoo.registry import ModelSpec
from zoo.registry.recipes import Recipe
from zoo.registry.tasks import Task
from zoo.training import checkpoints, examples
from zoo.training.agreement import Agreement
from zoo.training.augmentation import Augmenter
from zoo.training.evaluation import Evaluation
from zoo.training.examples import Examples
from zoo.training.reporter import Reporter
from zoo.training.run_folder import RunFolder
from zoo.training.settings import Training
from zoo.training.signals import StopRequest
from zoo.training.strategies import ChosenStrategy
from zoo.training.time_budget import TimeBudget


@dataclass(frozen=True)
class Plan:
    """What to train and where, before the model is built and the data is loaded.

    Args:
        training: the settings as given.
        spec: the model's specification.
        recipe: the model's recipe, overridden by the settings.
        devices: the strategy, and the cluster if there are several workers.
        agreement: communication between the processes of the training.
        folder: the run folder; None on workers other than the chief.
        reporter: receives progress reports.
    """

    training: Training
    spec: ModelSpec
    recipe: Recipe
    devices: ChosenStrategy
    agreement: Agreement
    folder: RunFolder | None
    reporter: Reporter

    @property
    def strategy(self) -> tf.distribute.Strategy:
        """The distribution strategy."""
        return self.devices.strategy


@dataclass(frozen=True)
class TrainingContext(Plan):
    """Everything that a solver needs to train a model.

    Args:
        model: the model to train, compiled, built under the strategy's scope.
        dataset: the data set to train on.
        jit: whether steps are compiled with XLA.
        stop: whether this process was asked to stop.
        opened: closes open examples when the training ends.
        time_budget: the time into which the number of epochs, still to be chosen, is to fit; None
            to train the recipe's.
    """

    model: keras.Model
    dataset: Dataset
    jit: bool
    stop: StopRequest
    opened: contextlib.ExitStack
    time_budget: TimeBudget | None = None

    @property
    def task(self) -> Task:
        """The model's task."""
        return self.spec.task_of(self.model)

    def examples(self, split: str, augmenter: Augmenter | None = None) -> Examples:
        """Return the examples of a split, which stay open until the training ends.

        Args:
            split: "train", "validation" or "test".
            augmenter: augments photos before the layer `preprocessing`.
        """
        targets = getattr(self.dataset, split).map_targets(self.task.targets)
        opened = examples.choose(
            self.training.source, self.model, self.strategy, targets, augmenter
        )
        self.opened.callback(opened.close)
        return opened

    def evaluation(self, split: str, model: keras.Model | None = None) -> Evaluation:
        """Return an `Evaluation` of a model on a split; by default of the trained model."""
        model = self.model if model is None else model
        return Evaluation(model, self.strategy, self.examples(split), self.task)

    def rank(self, row: Mapping[str, float]) -> tuple[float, float]:
        """Return a sort key, smaller for a better row of history.csv.

        Rows are ordered by the task's primary metric on validation data, then by the loss.
        """
        metric = self.task.primary
        name = f"val_{metric.name}"
        # Metrics of a plugin's task are measured only if the model is compiled with them.
        return (metric.cost(row[name]) if name in row else 0.0), row["val_loss"]

    def latest_checkpoint(self) -> bytes:
        """Return the chief's newest intact checkpoint on every worker; b"" if there is none.

        Raises:
            ZooError: if all checkpoints are damaged.
        """
        own = checkpoints.latest(self.folder.checkpoints_path) if self.folder else b""
        return self.agreement.broadcast(own)

    def check_stop(self) -> None:
        """Raise if any worker was asked to stop; for use before there is a checkpoint.

        All workers must call this at the same point.

        Raises:
            Preempted: if one was.
        """
        if self.agreement.agree([], self.stop())[1]:
            raise self._without_checkpoint()

    def poll_stop(self) -> None:
        """Raise if this process was asked to stop; for use before there is a checkpoint.

        Raises:
            Preempted: if it was.
        """
        if self.stop():
            raise self._without_checkpoint()

    def _without_checkpoint(self) -> Preempted:
        return self.preempted(", before there was a checkpoint", "starts over")

    def preempted(self, when: str, follows: str) -> Preempted:
        """Return the exception that ends a training after a request to stop.

        Args:
            when: end of the clause "Stopped on request".
            follows: what repeating the command does, such as "starts over".
        """
        option = f" with {self.folder.option}" if self.folder else ""
        return Preempted(
            f"Stopped on request{when}; the same command{option} {follows}.", self.stop.exit_code
        )

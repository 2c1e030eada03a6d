"""The state of one training, which a solver is given."""

from __future__ import annotations

import contextlib
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
from zoo.training.strategies import Chosen


@dataclass(frozen=True)
class Plan:
    """What is to be trained, and where, before there is a model or data.

    Args:
        training: the settings as given.
        spec: of the model.
        recipe: the model's, with the settings in its place.
        devices: the strategy, and the cluster if there are several workers.
        agreement: between the processes of this training.
        folder: where the chief writes; None on the other workers.
        reporter: is told what happens.
    """

    training: Training
    spec: ModelSpec
    recipe: Recipe
    devices: Chosen
    agreement: Agreement
    folder: RunFolder | None
    reporter: Reporter

    @property
    def strategy(self) -> tf.distribute.Strategy:
        """Where the replicas of the model live."""
        return self.devices.strategy


@dataclass(frozen=True)
class TrainingContext(Plan):
    """What a solver is given to find a model's weights.

    Args:
        model: compiled, built under the strategy's scope; its weights are to be found.
        dataset: to train on.
        jit: whether steps are compiled with XLA.
        stop: whether this process was asked to stop.
        opened: closes what reads from disk, once the training has ended.
    """

    model: keras.Model
    dataset: Dataset
    jit: bool
    stop: StopRequest
    opened: contextlib.ExitStack

    @property
    def task(self) -> Task:
        """What the model's outputs mean."""
        return self.spec.task_of(self.model)

    def examples(self, split: str, augmenter: Augmenter | None = None) -> Examples:
        """Return the examples of "train", "validation" or "test", open until the training ends.

        Args:
            split: the name of the split.
            augmenter: moves photos before the layer `preprocessing`.
        """
        targets = getattr(self.dataset, split).map_targets(self.task.targets)
        opened = examples.choose(
            self.training.source, self.model, self.strategy, targets, augmenter
        )
        self.opened.callback(opened.close)
        return opened

    def evaluation(self, split: str, model: keras.Model | None = None) -> Evaluation:
        """Return what evaluates a model, by default the one that is trained, on a split."""
        model = self.model if model is None else model
        return Evaluation(model, self.strategy, self.examples(split), self.task)

    def latest_checkpoint(self) -> bytes:
        """Return the chief's newest whole checkpoint, on every worker; no bytes if there is none.

        Raises:
            ZooError: if there are checkpoints and not one is whole.
        """
        own = checkpoints.latest(self.folder.checkpoints_path) if self.folder else b""
        return self.agreement.broadcast(own)

    def check_stop(self) -> None:
        """Raise if any worker was asked to stop, where there is no checkpoint to resume from.

        All workers call this together.

        Raises:
            Preempted: if one was.
        """
        if self.agreement.agree([], self.stop())[1]:
            raise self._without_checkpoint()

    def poll_stop(self) -> None:
        """Raise if this process was asked to stop, where there is no checkpoint to resume from.

        Raises:
            Preempted: if it was.
        """
        if self.stop():
            raise self._without_checkpoint()

    def _without_checkpoint(self) -> Preempted:
        return self.preempted(", before there was a checkpoint", "starts over")

    def preempted(self, when: str, follows: str) -> Preempted:
        """Return what ends a training that was asked to stop.

        Args:
            when: it was stopped, to follow "Stopped on request".
            follows: what the same command does next, such as "starts over".
        """
        option = f" with {self.folder.option}" if self.folder else ""
        return Preempted(
            f"Stopped on request{when}; the same command{option} {follows}.", self.stop.exit_code
        )

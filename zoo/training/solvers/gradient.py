"""Gradient descent, with checkpoints, callbacks and requests to stop."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

import keras
import numpy as np

from zoo.data import Dataset
from zoo.errors import ZooError
from zoo.registry.recipes import Recipe
from zoo.training import checkpoints
from zoo.training.augmentation import Augmenter
from zoo.training.checkpoints import CheckpointSchedule, Position
from zoo.training.class_weights import example_weights
from zoo.training.context import TrainingContext
from zoo.training.evaluation import Evaluation
from zoo.training.examples import Examples
from zoo.training.finite import SMALLER_RATE, require_finite_figures, require_finite_weights
from zoo.training.loop import TrainingLoop, check_batch_size
from zoo.training.profile import StepsProfile
from zoo.training.solvers import Outcome, pace, whitening
from zoo.training.solvers.averages import assign_averages
from zoo.training.solvers.best_weights import BestWeights
from zoo.training.solvers.pace import StepsPerCall


class GradientSolver:
    """Trains any model with the recipe's optimizer, including whitening and weight averaging."""

    remedy: ClassVar[str] = SMALLER_RATE

    def check(
        self,
        model: keras.Model,
        recipe: Recipe,
        dataset: Dataset | None = None,
        replicas: int = 1,
    ) -> None:
        """Check that the model and the data set support everything in the recipe.

        Raises:
            ZooError: if they do not; the message says what to change.
        """
        if recipe.label_smoothing and not _is_cross_entropy(model.loss):
            raise ZooError(
                f"Label smoothing is for softmax with cross-entropy; {model.name} is trained with "
                f"{type(model.loss).__name__}: leave label_smoothing out of the recipe."
            )
        if recipe.augmentation and model.inputs[0].name != "image":
            raise ZooError(
                f"Augmentation is for photos; {model.name} takes numbers: leave augmentation out "
                "of the recipe."
            )
        if recipe.whitening:
            whitening.check(model)
        if dataset is None:
            return
        if recipe.class_weight != "none" and not dataset.labels:
            raise ZooError(
                f"--class-weight is for classes; the targets of {dataset.name} are values: leave "
                "it out."
            )
        x = dataset.train.x
        if recipe.augmentation and not (isinstance(x, np.ndarray) and x.ndim == 4):
            raise ZooError(
                "Augmentation is for photos of one size; train without it, or give another "
                "--dataset."
            )
        check_batch_size(recipe.batch_size, replicas, len(dataset.train))

    def fit(self, context: TrainingContext) -> Outcome:
        """Train the model, with a row of history.csv per epoch.

        Raises:
            Preempted: after a request to stop, once a checkpoint is written.
            NonFiniteLossError: if the loss is not finite; checkpoints are kept.
            ZooError: if a file cannot be written.
        """
        recipe, model = context.recipe, context.model
        if recipe.whitening:
            model = _whitened(context)
        train = context.examples("train", _augmenter(recipe))
        validation = context.examples("validation")

        def epochs_of(context: TrainingContext) -> _Epochs:
            return _epochs(context, model, train, validation)

        if context.time_budget:
            context = pace.with_epochs_chosen(context, model, epochs_of)
        epochs = epochs_of(context)
        position = epochs.run()
        best = epochs.best
        if best:
            best.assign()
        elif recipe.averaging:
            assign_averages(model)
        if recipe.whitening:
            whitening.fold(model, context.model)
        return _outcome(context, position, epochs.loop.steps_per_epoch)


def epoch_callbacks(context: TrainingContext, model: keras.Model) -> keras.callbacks.CallbackList:
    """Return Keras's callbacks, which write TensorBoard logs on the chief."""
    boards = []
    if folder := context.folder:
        boards = [keras.callbacks.TensorBoard(folder.logs_path, write_graph=False)]
    return keras.callbacks.CallbackList(boards, model=model, epochs=context.recipe.epochs)


def _outcome(context: TrainingContext, position: Position, steps_per_epoch: int) -> Outcome:
    """Return the outcome; report which weights are kept, if they are not the last ones."""
    steps = position.epoch * steps_per_epoch
    patience = context.recipe.patience
    if not patience:
        return Outcome(position.epoch, steps, position.row)
    best_epoch = int(position.best["epoch"])
    early = position.epoch < context.recipe.epochs
    ended = (
        f"Stopped after epoch {position.epoch}, {patience} after the best one"
        if early
        else f"Trained all {position.epoch} epochs"
    )
    context.reporter.say(
        f"{ended}; the weights of epoch {best_epoch} are kept, the best on validation data."
    )
    stopped = "patience" if early else "epochs"
    return Outcome(position.epoch, steps, position.best, best_epoch, stopped)


def _is_cross_entropy(loss: keras.Loss) -> bool:
    """Return whether a loss is the cross-entropy of probabilities (not logits)."""
    kind = keras.losses.SparseCategoricalCrossentropy
    return isinstance(loss, kind) and not loss.get_config().get("from_logits")


def _whitened(context: TrainingContext) -> keras.Model:
    context.reporter.say("Computing the principal components of the training features.")
    with contextlib.closing(context.examples("train")) as examples:
        components = whitening.principal_components(
            examples, context.strategy, context.recipe, context.check_stop, context.poll_stop
        )
    # On other processors, eigenvectors may differ by rounding or by their sign.
    mean, projection = (
        np.frombuffer(context.agreement.broadcast(array.tobytes()), np.float32).reshape(array.shape)
        for array in components
    )
    model = whitening.whitened(context.model, context.strategy, mean, projection)
    if context.training.start_from is not None:
        whitening.unfold(context.model, model, mean)
    return model


def _augmenter(recipe: Recipe) -> Augmenter | None:
    return Augmenter(recipe.augmentation, recipe.epochs) if recipe.augmentation else None


def _epochs(
    context: TrainingContext,
    model: keras.Model,
    train: Examples,
    validation: Examples,
) -> _Epochs:
    """Return the epochs of a training, whose graphs are traced anew."""
    recipe = context.recipe
    loop = TrainingLoop(
        model,
        context.strategy,
        train,
        batch_size=recipe.batch_size,
        seed=context.training.seed,
        jit=context.jit,
        label_smoothing=recipe.label_smoothing,
        augmenter=_augmenter(recipe),
        weights=example_weights(context.dataset, recipe.class_weight),
    )
    best = BestWeights(model, bool(recipe.averaging)) if recipe.patience else None
    evaluation = Evaluation(model, context.strategy, validation, context.task)
    return _Epochs(context, loop, evaluation, best)


@dataclass
class _Epochs:
    """Runs the epochs of a training, starting from the last checkpoint.

    Args:
        context: the training's context.
        loop: the training loop.
        validation: evaluation after every epoch.
        best: keeps the weights of the best epoch; None to train all epochs.
    """

    context: TrainingContext
    loop: TrainingLoop
    validation: Evaluation
    best: BestWeights | None
    _pace: StepsPerCall = field(default_factory=StepsPerCall, init=False)

    def __post_init__(self):
        training, folder = self.context.training, self.context.folder
        self._schedule = CheckpointSchedule.parse(training.checkpoint_every)
        self._profile = StepsProfile(folder.logs_path) if training.profile and folder else None

    def run(self) -> Position:
        """Train to the end and return the last position."""
        position = self._restore()
        if self._ended(position):
            return position
        profile = contextlib.closing(self._profile) if self._profile else contextlib.nullcontext()
        with self.callbacks() as callbacks, profile:
            while not self._ended(position):
                callbacks.on_epoch_begin(position.epoch)
                self._epoch(position)
                stopping = self.end_epoch(position, callbacks)
                self._check_stop(stopping and not self._ended(position))
        return position

    @contextlib.contextmanager
    def callbacks(self) -> Iterator[keras.callbacks.CallbackList]:
        """Tell Keras's callbacks that training begins, and at the end of the block that it ends."""
        callbacks = epoch_callbacks(self.context, self.loop.model)
        callbacks.on_train_begin()
        yield callbacks
        callbacks.on_train_end()

    def end_epoch(self, position: Position, callbacks: keras.callbacks.CallbackList) -> bool:
        """Validate and save after an epoch; return whether any worker was asked to stop."""
        logs = self._finish_epoch(position)
        callbacks.on_epoch_end(position.epoch - 1, logs)
        due = self._schedule.after_epoch(self._ended(position))
        (agreed,), stopping = self.context.agreement.agree([due], self.context.stop())
        if agreed or stopping:
            self._save(position)
        return stopping

    def _ended(self, position: Position) -> bool:
        """Return whether all epochs are finished, or the last ones brought no improvement."""
        recipe = self.context.recipe
        waited = position.epoch - position.best["epoch"] if position.best else 0
        return position.epoch >= recipe.epochs or bool(recipe.patience <= waited > 0)

    def _epoch(self, position: Position) -> None:
        loop, agreement = self.loop, self.context.agreement
        self.context.reporter.epoch_begin(
            position, self.context.recipe.epochs, loop.steps_per_epoch, loop.batch_size
        )
        calls = loop.epoch(
            position, lambda step: min(self._schedule.next_stop(step), step + self._pace.steps)
        )
        started = time.monotonic()
        for done in calls:
            self.context.reporter.steps(done)
            self._pace.measured(done, time.monotonic() - started)
            if self._profile:
                self._profile.steps(done)
            due = position.step < loop.steps_per_epoch and self._schedule.due(position.step)
            # The chief's clock decides, as all workers must run the same number of steps.
            (self._pace.steps, agreed), stopping = agreement.agree(
                [self._pace.steps, due], self.context.stop()
            )
            if position.step < loop.steps_per_epoch and (agreed or stopping):
                self._save(position)
                self._check_stop(stopping)
            started = time.monotonic()

    def _finish_epoch(self, position: Position) -> dict[str, float]:
        logs = self.loop.logs()
        with self.best.measured() if self.best else contextlib.nullcontext():
            logs |= {f"val_{name}": value for name, value in self.validation.run().items()}
            require_finite_figures(logs, f"after epoch {position.epoch + 1}")
            position.row = {"epoch": position.epoch + 1, **logs}
            if self.best and self._is_best(position):
                self.best.keep()
                position.best = position.row
        position.epoch, position.step = position.epoch + 1, 0
        self.context.reporter.epoch_end(position.row)
        if self.context.folder:
            self.context.folder.history_file.append(position.row)
        return logs

    def _is_best(self, position: Position) -> bool:
        rank = self.context.rank
        better = not position.best or rank(position.row) < rank(position.best)
        # The chief decides, as all workers must keep the same weights and stop at the same epoch.
        return bool(self.context.agreement.agree([better], False)[0][0])

    def _restore(self) -> Position:
        content = self.context.latest_checkpoint()
        if not content:
            return Position()
        position, arrays = checkpoints.decode(content)
        self._restore_history(position)
        if self.best:
            self.best.restore(arrays)
        arrays = {name: arrays[name] for name in arrays.keys() - BestWeights.names(arrays)}
        variables = self.loop.variables()
        if {name: tuple(variable.shape) for name, variable in variables.items()} != {
            name: array.shape for name, array in arrays.items()
        }:
            raise ZooError(checkpoints.UNRELATED)
        for name, variable in variables.items():
            variable.assign(arrays[name])
        self.context.reporter.say(f"Resuming after epoch {position.epoch}, step {position.step}.")
        return position

    def _restore_history(self, position: Position) -> None:
        """Make history.csv that of a checkpoint."""
        if position.history:
            # Checkpoints of earlier versions contain all rows.
            if self.context.folder:
                self.context.folder.write_history(position.history)
            position.row, position.history = position.history[-1], []
        elif self.context.folder:
            self.context.folder.history_file.keep(position.epoch)

    def _save(self, position: Position) -> None:
        # On every worker: reading a variable may sum it over the replicas.
        arrays = {
            name: keras.ops.convert_to_numpy(variable)
            for name, variable in self.loop.variables().items()
        }
        # Weights that became non-finite in the last step do not show in the loss yet.
        require_finite_weights(
            [array for name, array in arrays.items() if name.startswith("model/")],
            f"after epoch {position.epoch}, step {position.step}",
        )
        if self.best:
            arrays |= self.best.arrays()
        if folder := self.context.folder:
            folder.history_file.sync()
            number = position.number(self.loop.steps_per_epoch)
            checkpoints.save(folder.checkpoints_path, number, checkpoints.encode(position, arrays))

    def _check_stop(self, stopping: bool) -> None:
        if stopping:
            raise self.context.preempted("", "resumes from here")

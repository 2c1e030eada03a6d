"""Epoch after epoch: calls into the loop, checkpoints, callbacks, and stopping when asked."""

from __future__ import annotations

import contextlib
import shlex
import time
from dataclasses import dataclass, field

import keras

from zoo.errors import ZooError
from zoo.registry.recipes import Recipe
from zoo.training import checkpoints
from zoo.training.agreement import Agreement
from zoo.training.checkpoint_schedule import CheckpointSchedule
from zoo.training.checkpoints import Position
from zoo.training.evaluation import Evaluation
from zoo.training.loop import TrainingLoop, require_finite_figures, require_finite_weights
from zoo.training.profile import Profile
from zoo.training.reporter import Reporter
from zoo.training.run_folder import RunFolder
from zoo.training.signals import Preempted, StopRequest

# A call into the graph is stretched towards this long: short enough to show progress and to
# answer a signal, long enough that starting it costs nothing.
_SECONDS_PER_CALL = 0.25


@dataclass
class Fitting:
    """One training under way.

    Args:
        loop: over the training examples.
        validation: after every epoch.
        recipe: for its number of epochs.
        folder: where the chief writes; None on the other workers.
        schedule: when a checkpoint is due.
        reporter: told what happens.
        agreement: between the processes of this training.
        stop: whether this process was asked to stop.
        profile: told of every call into the graph.
    """

    loop: TrainingLoop
    validation: Evaluation
    recipe: Recipe
    folder: RunFolder | None
    schedule: CheckpointSchedule
    reporter: Reporter
    agreement: Agreement
    stop: StopRequest
    profile: Profile
    _pace: _Pace = field(default_factory=lambda: _Pace(), init=False)

    def run(self) -> Position:
        """Train from the last checkpoint on to the end, and return the last position.

        Raises:
            Preempted: when asked to stop, once a checkpoint is written.
            NonFiniteLossError: when the loss is not finite; the checkpoints stay.
            ZooError: if the disk refuses.
        """
        position = self._restore()
        if position.epoch >= self.recipe.epochs:
            return position
        callbacks = self._callbacks()
        callbacks.on_train_begin()
        with contextlib.closing(self.profile):
            while position.epoch < self.recipe.epochs:
                callbacks.on_epoch_begin(position.epoch)
                self._epoch(position)
                logs = self._finish_epoch(position)
                callbacks.on_epoch_end(position.epoch - 1, logs)
                due = self.schedule.after_epoch(position.epoch, self.recipe.epochs)
                (due,), stopping = self.agreement.decide([due], self.stop())
                if due or stopping:
                    self._save(position)
                self._leave_if(stopping and position.epoch < self.recipe.epochs)
        callbacks.on_train_end()
        return position

    def _epoch(self, position: Position) -> None:
        loop = self.loop
        self.reporter.epoch_begin(
            position, self.recipe.epochs, loop.steps_per_epoch, loop.batch_size
        )
        calls = loop.epoch(
            position, lambda step: min(self.schedule.next_stop(step), step + self._pace.steps)
        )
        started = time.monotonic()
        for done in calls:
            self.reporter.steps(done)
            self._pace.measured(done, time.monotonic() - started)
            self.profile.steps(done)
            due = position.step < loop.steps_per_epoch and self.schedule.due(position.step)
            # The chief's clock sets the pace: workers must meet after the same number of steps.
            (self._pace.steps, due), stopping = self.agreement.decide(
                [self._pace.steps, due], self.stop()
            )
            if position.step < loop.steps_per_epoch and (due or stopping):
                self._save(position)
                self._leave_if(stopping)
            started = time.monotonic()

    def _finish_epoch(self, position: Position) -> dict[str, float]:
        logs = self.loop.logs()
        logs |= {f"val_{name}": value for name, value in self.validation.run().items()}
        require_finite_figures(logs, f"after epoch {position.epoch + 1}")
        position.history.append({"epoch": position.epoch + 1, **logs})
        position.epoch, position.step = position.epoch + 1, 0
        self.reporter.epoch_end(position.history[-1])
        if self.folder:
            self.folder.write_history(position.history)
        return logs

    def _callbacks(self) -> keras.callbacks.CallbackList:
        boards = []
        if self.folder:
            boards = [keras.callbacks.TensorBoard(self.folder.logs_path, write_graph=False)]
        return keras.callbacks.CallbackList(
            boards, model=self.loop.model, epochs=self.recipe.epochs
        )

    def _restore(self) -> Position:
        own = checkpoints.latest(self.folder.checkpoints_path) if self.folder else b""
        content = self.agreement.broadcast(own)
        if not content:
            return Position()
        position, arrays = checkpoints.decode(content)
        variables = self.loop.variables()
        if {name: tuple(variable.shape) for name, variable in variables.items()} != {
            name: array.shape for name, array in arrays.items()
        }:
            raise ZooError(
                "The newest checkpoint in the run folder is of another training; delete the "
                "folder's checkpoints, or give another run folder."
            )
        for name, variable in variables.items():
            variable.assign(arrays[name])
        self.reporter.say(f"Resuming after epoch {position.epoch}, step {position.step}.")
        return position

    def _save(self, position: Position) -> None:
        # Every worker reads: a variable summed over replicas is summed when it is read.
        arrays = {
            name: keras.ops.convert_to_numpy(variable)
            for name, variable in self.loop.variables().items()
        }
        # What diverged in the last step shows in no loss yet, and would resume as it is.
        require_finite_weights(
            [array for name, array in arrays.items() if name.startswith("model/")],
            f"after epoch {position.epoch}, step {position.step}",
        )
        if self.folder:
            number = position.number(self.loop.steps_per_epoch)
            content = checkpoints.encode(position, arrays)
            checkpoints.save(self.folder.checkpoints_path, number, content)

    def _leave_if(self, stopping: bool) -> None:
        if stopping:
            where = f" with --run-dir {shlex.quote(str(self.folder.path))}" if self.folder else ""
            raise Preempted(
                f"Stopped on request; the same command{where} goes on from here.",
                self.stop.exit_code,
            )


@dataclass
class _Pace:
    """How many steps the next call into the graph takes."""

    steps: int = 1

    def measured(self, steps: int, seconds: float) -> None:
        """Take note of a call's time; one that ended early, at an epoch's end, says nothing."""
        if steps == self.steps:
            fast = seconds < _SECONDS_PER_CALL
            self.steps = self.steps * 2 if fast else max(1, self.steps // 2)

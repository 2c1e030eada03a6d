"""Gradient descent, then quasi-Newton steps in float64 on all weights together.

After the recipe's epochs of gradient descent, its `iterations` are divided into rounds of
`ROUND`. Each round minimises the loss on `sample` training examples, or all, in float64. A sample
is drawn with a probability proportional to |r| + mean |r|, for residuals r of a physics-informed
network, or errors of another model, at the start of the round (Wu et al., 2023). The approximation
of the inverse Hessian goes on from round to round. A round is an epoch of history.csv.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import keras
import numpy as np

from zoo.data import Dataset
from zoo.errors import ZooError
from zoo.registry.recipes import Recipe
from zoo.training import checkpoints
from zoo.training.checkpoints import CheckpointSchedule, Position
from zoo.training.context import TrainingContext
from zoo.training.finite import require_finite_figures
from zoo.training.solvers import Outcome
from zoo.training.solvers.flat_objective import FlatObjective
from zoo.training.solvers.gradient import GradientSolver, epoch_callbacks
from zoo.training.solvers.self_scaled import Minimiser, State

ROUND = 250
MAX_WEIGHTS = 4000
_PREFIX = "quasi_newton/"


class QuasiNewtonSolver:
    """Trains a small model of values by gradient descent, then by a quasi-Newton method."""

    remedy: ClassVar[str] = "try more --epochs of gradient descent before it"

    def check(
        self,
        model: keras.Model,
        recipe: Recipe,
        dataset: Dataset | None = None,
        replicas: int = 1,
    ) -> None:
        """Check that the loss is a squared error, and the inverse Hessian fits in memory.

        Raises:
            ZooError: if not; the message says what to change.
        """
        if model.inputs[0].name != "x" or not isinstance(model.loss, keras.losses.MeanSquaredError):
            raise ZooError(
                "--solver bfgs is for models that predict values from rows of numbers by the mean "
                f"squared error, such as pinn_burgers; use --solver gradient for {model.name}."
            )
        weights = sum(int(np.prod(weight.shape)) for weight in model.trainable_variables)
        if weights > MAX_WEIGHTS:
            raise ZooError(
                f"{model.name} has {weights:,} weights, and --solver bfgs keeps a number for each "
                f"pair of them; give options for at most {MAX_WEIGHTS:,}, such as a smaller width, "
                "or use --solver gradient."
            )
        GradientSolver().check(model, recipe, dataset, replicas)

    def fit(self, context: TrainingContext) -> Outcome:
        """Train the model, with a row of history.csv per epoch, and one per round.

        Raises:
            Preempted: after a request to stop, once a checkpoint is written.
            NonFiniteLossError: if a loss or metric is not finite; checkpoints are kept.
            ZooError: if a file cannot be written.
        """
        content = context.latest_checkpoint()
        position, arrays = checkpoints.decode(content) if content else (Position(), {})
        if not any(name.startswith(_PREFIX) for name in arrays):
            outcome = GradientSolver().fit(context)
            position, arrays = Position(epoch=outcome.epochs, row=dict(outcome.history)), {}
        return _Rounds(context, position, arrays).run()


class _Rounds:
    """Runs the rounds of a training, starting from the last checkpoint."""

    def __init__(
        self, context: TrainingContext, position: Position, arrays: Mapping[str, np.ndarray]
    ):
        self._context = context
        recipe, train = context.recipe, context.dataset.train
        self._x, self._y = np.asarray(train.x), context.task.targets(train.y)
        self._sample = min(recipe.sample or len(train), len(train))
        self._rounds = -(-recipe.iterations // ROUND)
        self._gradient_steps = len(train) // recipe.batch_size * recipe.epochs
        self._objective = FlatObjective(context.model, jit=context.training.jit != "off")
        self._schedule = CheckpointSchedule.parse(context.training.checkpoint_every)
        self._training, self._validation = (
            context.evaluation(split) for split in ("train", "validation")
        )
        self._position = position
        self._rows = np.zeros(0, np.int32)
        self._state = self._restored(arrays) if arrays else State.at(self._objective.start)

    def run(self) -> Outcome:
        """Minimise to the end and return the outcome."""
        context, position = self._context, self._position
        callbacks = epoch_callbacks(context, context.model)
        callbacks.on_train_begin()
        while self._round < self._rounds:
            callbacks.on_epoch_begin(position.epoch)
            self._minimise()
            logs = self._finish_round()
            callbacks.on_epoch_end(position.epoch - 1, logs)
            ended = self._round >= self._rounds
            due = self._schedule.after_epoch(ended)
            (agreed,), stopping = context.agreement.agree([due], context.stop())
            if agreed or stopping:
                self._save()
            self._check_stop(stopping and not ended)
        callbacks.on_train_end()
        steps = self._gradient_steps + context.recipe.iterations
        return Outcome(position.epoch, steps, position.row)

    @property
    def _round(self) -> int:
        return self._position.epoch - self._context.recipe.epochs

    @property
    def _iterations(self) -> int:
        """The number of iterations of the present round."""
        return min(ROUND, self._context.recipe.iterations - self._round * ROUND)

    def _minimise(self) -> None:
        """Run the present round, or the rest of it."""
        context, position = self._context, self._position
        context.reporter.epoch_begin(
            position, context.recipe.epochs + self._rounds, self._iterations, self._sample
        )
        if not len(self._rows):
            self._rows = self._drawn()
        self._objective.use(self._x[self._rows], self._y[self._rows])
        minimiser = Minimiser(self._objective, self._state, context.recipe.update)
        found = 1
        while position.step < self._iterations and found:
            # The chief alone computes; the others learn from it whether there is another step.
            found = int(minimiser.step()) if context.folder else 1
            position.step += 1
            context.reporter.steps(1)
            due = position.step < self._iterations and self._schedule.due(position.step)
            (found, agreed), stopping = context.agreement.agree([found, due], context.stop())
            if position.step < self._iterations and (agreed or stopping):
                self._save()
                self._check_stop(stopping)
        self._loss = minimiser.value

    def _drawn(self) -> np.ndarray:
        """Return the examples of the present round, which follow from seed, round and weights."""
        if self._sample == len(self._x):
            return np.arange(len(self._x), dtype=np.int32)
        errors = self._objective.errors(self._state.x, self._x, self._y)
        chances = errors + errors.mean() + np.finfo(float).tiny
        generator = np.random.default_rng([self._context.training.seed, self._position.epoch])
        rows = generator.choice(len(errors), self._sample, replace=False, p=chances / chances.sum())
        return np.sort(rows).astype(np.int32)

    def _finish_round(self) -> dict[str, float]:
        context, position = self._context, self._position
        agreed = context.agreement.broadcast(self._state.x.tobytes())
        self._objective.assign_to(context.model, np.frombuffer(agreed, np.float64))
        figures = {**self._training.run(), "loss": float(self._loss)}
        figures |= {f"val_{name}": value for name, value in self._validation.run().items()}
        logs = {name: figures[name] for name in position.row if name != "epoch"}
        require_finite_figures(logs, f"after round {self._round + 1}", QuasiNewtonSolver.remedy)
        position.row = {"epoch": position.epoch + 1, **logs}
        position.epoch, position.step = position.epoch + 1, 0
        self._rows = self._rows[:0]
        context.reporter.epoch_end(position.row)
        if context.folder:
            context.folder.history_file.append(position.row)
        return logs

    def _save(self) -> None:
        folder, state = self._context.folder, self._state
        if folder is None:
            return
        folder.history_file.sync()
        number = self._gradient_steps + self._round * ROUND + self._position.step
        arrays = {
            "x": state.x,
            "inverse": state.inverse,
            "fresh": np.array(state.fresh),
            "rows": self._rows,
        }
        named = {f"{_PREFIX}{name}": array for name, array in arrays.items()}
        checkpoints.save(folder.checkpoints_path, number, checkpoints.encode(self._position, named))

    def _check_stop(self, stopping: bool) -> None:
        if stopping:
            raise self._context.preempted("", "resumes from here")

    def _restored(self, arrays: Mapping[str, np.ndarray]) -> State:
        position, size = self._position, len(self._objective.start)
        x, inverse, fresh, self._rows = (
            arrays[f"{_PREFIX}{name}"] for name in ("x", "inverse", "fresh", "rows")
        )
        if x.shape != (size,) or inverse.shape != (size, size):
            raise ZooError(checkpoints.UNRELATED)
        if folder := self._context.folder:
            folder.history_file.keep(position.epoch)
        self._context.reporter.say(f"Resuming after epoch {position.epoch}, step {position.step}.")
        return State(x, np.asfortranarray(inverse), bool(fresh))

"""The number of epochs that fits into a time budget, from the pace of the first seconds.

These seconds are a rehearsal: the training begins anew after them, and ends with the same bits as
one for which this number of epochs was given.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Protocol

import keras

from zoo.training.checkpoints import Position
from zoo.training.context import TrainingContext
from zoo.training.loop import TrainingLoop
from zoo.training.reporter import Silent
from zoo.training.run_folder import REHEARSAL, RunFolder
from zoo.training.solvers import whitening
from zoo.training.time_budget import Pace, duration, with_epochs
from zoo.training.trained_model import compile_with

# Target duration of a call of the graph: short enough for progress reports and signals, long enough
# to make its overhead negligible.
_SECONDS_PER_CALL = 0.25
# How long the rehearsal is: a share of the time budget, within these seconds.
_SHARE, _SHORTEST, _LONGEST = 0.02, 2.0, 10.0


@dataclass
class StepsPerCall:
    """The number of steps of the next call of the graph."""

    steps: int = 1

    def measured(self, steps: int, seconds: float) -> None:
        """Adapt the number of steps to a call's duration, unless the epoch's end cut it short."""
        if steps == self.steps:
            fast = seconds < _SECONDS_PER_CALL
            self.steps = self.steps * 2 if fast else max(1, self.steps // 2)


class Epochs(Protocol):
    """The epochs of a training."""

    loop: TrainingLoop

    def callbacks(self) -> AbstractContextManager[keras.callbacks.CallbackList]:
        """Tell Keras's callbacks that training begins, and at the end of the block that it ends."""

    def end_epoch(self, position: Position, callbacks: keras.callbacks.CallbackList) -> bool:
        """Validate and save after an epoch, and count it in the position."""


def with_epochs_chosen(
    context: TrainingContext,
    model: keras.Model,
    epochs_of: Callable[[TrainingContext], Epochs],
) -> TrainingContext:
    """Return the context with as many epochs as fit into its time budget.

    They are recorded in config.json. The context's model is compiled with a learning rate over
    them, and so is the model that is trained.

    Args:
        context: the training's context, with a time budget.
        model: the model that is trained: the context's, or its `whitening.whitened` model.
        epochs_of: function of a context → the epochs of the model, traced anew.

    Raises:
        TimeBudgetError: if not one epoch fits.
        Preempted: after a request to stop.
        NonFiniteLossError: if the loss is not finite.
    """
    budget = context.time_budget
    assert budget is not None
    seconds = min(max(_SHARE * budget.seconds, _SHORTEST), _LONGEST)
    context.reporter.say(f"Measuring the pace of the training for {duration(seconds)}.")
    began = time.monotonic()
    with _keeping_variables(model), _aside(context) as aside:
        epochs = epochs_of(aside)
        with epochs.callbacks() as callbacks:
            pace = _measured(context, epochs, callbacks, seconds, began)
    (chosen,), _ = context.agreement.agree([budget.epochs(pace)], False)
    if not chosen:
        if context.folder:
            context.folder.clear()
        raise budget.too_short(pace)
    recipe = with_epochs(context.recipe, chosen)
    if context.folder:
        record = {"seconds": budget.seconds, "seconds_per_epoch": pace.epoch}
        context.folder.record_epochs(asdict(recipe), recipe.text(), record)
    with context.strategy.scope():
        compile_with(context.model, recipe.build_optimizer(epochs.loop.steps_per_epoch * chosen))
        if model is not context.model:
            whitening.compile_alike(model, context.model)
    context.reporter.say(
        f"Time budget of {duration(budget.seconds)}: {chosen} epoch{'s' * (chosen != 1)} of "
        f"{duration(pace.epoch)}; {duration(budget.passed)} have passed."
    )
    return replace(context, recipe=recipe)


@contextlib.contextmanager
def _keeping_variables(model: keras.Model) -> Iterator[None]:
    """Restore all variables of a model at the end; all workers must enter and leave together."""
    variables = model.variables
    before = [keras.ops.convert_to_numpy(variable) for variable in variables]
    yield
    for variable, value in zip(variables, before, strict=True):
        variable.assign(value)


@contextlib.contextmanager
def _aside(context: TrainingContext) -> Iterator[TrainingContext]:
    """Yield a context that reports nothing and whose run folder is removed at the end."""
    if context.folder is None:
        yield replace(context, reporter=Silent())
        return
    with tempfile.TemporaryDirectory(prefix=REHEARSAL, dir=context.folder.path) as name:
        folder = RunFolder(Path(name))
        folder.check_writable()
        yield replace(context, folder=folder, reporter=Silent())


def _measured(
    context: TrainingContext,
    epochs: Epochs,
    callbacks: keras.callbacks.CallbackList,
    seconds: float,
    began: float,
) -> Pace:
    """Train for some seconds, from the start, and return the pace.

    What takes long only once, the first call of a graph and the end of the first epoch, is no part
    of the pace of an epoch. All workers must call this at the same point; the chief's clock decides
    when it ends.
    """
    loop, steps, ends = epochs.loop, _Stopwatch(), _Stopwatch()
    per_call, position = StepsPerCall(), Position()
    started, warm, over = time.monotonic(), False, False
    while not over or not ends.count:
        before = time.monotonic()
        for done in loop.epoch(position, lambda step: step + per_call.steps):
            took = time.monotonic() - before
            if warm:
                steps.add(took, done)
                per_call.measured(done, took)
                over = time.monotonic() - started >= seconds
            warm = True
            context.check_stop()
            numbers, _ = context.agreement.agree([per_call.steps, over], False)
            per_call.steps, over = numbers[0], bool(numbers[1])
            if over:
                break
            before = time.monotonic()
        before = time.monotonic()
        epochs.end_epoch(position, callbacks)
        if position.epoch > 1:
            ends.add(time.monotonic() - before, 1)
        context.check_stop()
    once = time.monotonic() - began - steps.seconds - ends.seconds
    validation, test = (len(getattr(context.dataset, split)) for split in ("validation", "test"))
    return Pace(
        epoch=loop.steps_per_epoch * steps.mean + ends.mean,
        rest=once + ends.mean * max(1.0, test / validation),
    )


class _Stopwatch:
    """Adds up the durations of equal parts."""

    def __init__(self):
        self.seconds, self.count = 0.0, 0

    def add(self, seconds: float, count: int) -> None:
        self.seconds += seconds
        self.count += count

    @property
    def mean(self) -> float:
        return self.seconds / self.count

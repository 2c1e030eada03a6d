"""Progress reports of a training."""

from __future__ import annotations

import time
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from zoo.data import Dataset
from zoo.data.summary import sentences
from zoo.training.checkpoints import Position
from zoo.utils.text import figure_text

_SECONDS_BETWEEN_LINES = 0.5
_SECONDS_BETWEEN_PROGRESS_LINES = 10.0


class Reporter(Protocol):
    """Receives progress reports of a training."""

    def say(self, sentence: str) -> None:
        """Report one sentence."""

    def decoding(self, done: int, total: int) -> None:
        """Report the number of photos decoded so far."""

    def dataset(self, dataset: Dataset) -> None:
        """Report the data set that was loaded."""

    def epoch_begin(self, position: Position, epochs: int, steps: int, batch_size: int) -> None:
        """Report that an epoch begins or resumes at `position.step`."""

    def steps(self, count: int) -> None:
        """Report that `count` more steps are done."""

    def epoch_end(self, row: dict[str, float]) -> None:
        """Report the epoch's loss and metrics."""


class Silent:
    """Reports nothing."""

    def say(self, sentence):
        """Do nothing."""

    def decoding(self, done, total):
        """Do nothing."""

    def dataset(self, dataset):
        """Do nothing."""

    def epoch_begin(self, position, epochs, steps, batch_size):
        """Do nothing."""

    def steps(self, count):
        """Do nothing."""

    def epoch_end(self, row):
        """Do nothing."""


class Terminal:
    """Shows a progress bar with remaining time and examples per second, and a line per epoch.

    Args:
        console: where to print; without a terminal there are only lines.
    """

    def __init__(self, console: Console):
        self.console = console
        self._progress: Progress | None = None
        self._task = TaskID(0)
        self._batch_size = 0
        self._epochs = 0
        self._printed = time.monotonic()

    def say(self, sentence):
        """Print the sentence."""
        self.console.print(sentence, markup=False, highlight=False, soft_wrap=True)

    def decoding(self, done, total):
        """Update the progress bar of decoding."""
        progress = self._progress or self._open(total, "decoding", 0)
        progress.update(self._task, completed=done)
        if done >= total:
            self._close()

    def dataset(self, dataset):
        """Print the data set's size, fingerprint, notes, class counts and unreadable photos."""
        self._close()
        for sentence in sentences(dataset):
            self.say(sentence)

    def epoch_begin(self, position, epochs, steps, batch_size):
        """Show the epoch's progress bar."""
        self._batch_size, self._epochs = batch_size, epochs
        self._open(steps, f"epoch {position.epoch + 1}/{epochs}", position.step)

    def steps(self, count):
        """Update the progress bar; without a terminal, print a line every 10 seconds."""
        if self._progress is None:
            return
        self._progress.advance(self._task, count)
        task = self._progress.tasks[0]
        if not task.speed:
            return
        rate = f"{task.speed * self._batch_size:,.0f} examples/s"
        self._progress.update(self._task, rate=rate)
        now = time.monotonic()
        if not self.console.is_terminal and now - self._printed > _SECONDS_BETWEEN_PROGRESS_LINES:
            self._printed = now
            self.say(
                f"{task.description}  {task.completed:.0f}/{task.total:.0f} steps  {rate}  "
                f"{task.time_remaining or 0:.0f} s left"
            )

    def epoch_end(self, row):
        """Replace the progress bar by the epoch's loss and metrics."""
        self._close()
        # Limits the output for hundreds of short epochs; history.csv has all of them.
        now = time.monotonic()
        if now - self._printed < _SECONDS_BETWEEN_LINES and row["epoch"] not in (1, self._epochs):
            return
        self._printed = now
        figures = "  ".join(
            f"{name} {figure_text(value)}" for name, value in row.items() if name != "epoch"
        )
        self.say(f"epoch {row['epoch']:3d}  {figures}")

    def _open(self, total: int, title: str, completed: int) -> Progress:
        self._progress = Progress(
            TextColumn(title),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[rate]}"),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self._progress.start()
        self._task = self._progress.add_task(title, total=total, completed=completed, rate="")
        return self._progress

    def _close(self):
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

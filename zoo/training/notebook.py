"""Progress of a training in a notebook: one line below the cell, which is rewritten."""

from __future__ import annotations

import sys
import time
from typing import Any

from zoo.data.summary import sentences
from zoo.training.reporter import Reporter, Silent
from zoo.utils.text import figure_text, printable

# At most so often, so that a notebook is not slowed down.
_SECONDS_BETWEEN_UPDATES = 0.2


def default_reporter() -> Reporter:
    """Return a reporter for the place where this runs: one line in a notebook, else silence."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    # A shell in a terminal has no kernel.
    return Notebook() if getattr(shell, "kernel", None) is not None else Silent()


class Notebook:
    """Shows what was reported last, in place of what was reported before."""

    def __init__(self) -> None:
        self._line: Any = None
        self._updated = 0.0
        self._epochs = self._steps = self._done = self._batch_size = 0
        self._begun = 0.0
        self._title = self._last = ""

    def say(self, sentence):
        """Show the sentence."""
        self._show(sentence)

    def decoding(self, done, total):
        """Show the number of photos decoded so far."""
        self._show_seldom(f"decoding photos {done:,}/{total:,}")

    def dataset(self, dataset):
        """Show the data set's size and fingerprint."""
        self._show(sentences(dataset)[0])

    def epoch_begin(self, position, epochs, steps, batch_size):
        """Note how many steps the epoch has."""
        self._epochs, self._steps, self._batch_size = epochs, steps, batch_size
        self._title = f"epoch {position.epoch + 1}/{epochs}"
        self._done, self._begun = 0, time.monotonic()

    def steps(self, count):
        """Show the share of the epoch that is done, and how fast."""
        self._done += count
        seconds = time.monotonic() - self._begun
        rate = self._done * self._batch_size / seconds if seconds else 0
        now = f"{self._title}: {self._done:,}/{self._steps:,} steps, {rate:,.0f} examples/s"
        self._show_seldom(f"{now}; {self._last}" if self._last else now)

    def epoch_end(self, row):
        """Show the epoch's loss and metrics."""
        figures = "  ".join(
            f"{name} {figure_text(value)}" for name, value in row.items() if name != "epoch"
        )
        self._last = f"epoch {row['epoch']}: {figures}"
        if row["epoch"] == self._epochs:
            self._show(self._last)
        else:
            self._show_seldom(self._last)

    def _show_seldom(self, text: str) -> None:
        if time.monotonic() - self._updated >= _SECONDS_BETWEEN_UPDATES:
            self._show(text)

    def _show(self, text: str) -> None:
        from IPython.display import display

        content = {"text/plain": printable(text)}
        if self._line is None:
            self._line = display(content, raw=True, display_id=True)
        else:
            self._line.update(content, raw=True)
        self._updated = time.monotonic()

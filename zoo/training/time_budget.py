"""Time budgets: how many epochs of a training fit into a given time."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from zoo.errors import ZooError
from zoo.registry.recipes import Recipe

_UNITS = {"second": 1, "minute": 60, "hour": 3600}
# Of the time for epochs, what is kept for a machine that becomes a little slower.
_MARGIN = 0.05
_MOST = 10**9


class TimeBudgetError(ZooError):
    """Not one epoch fits into a time budget."""


@dataclass(frozen=True)
class Pace:
    """How long the parts of a training take, in seconds.

    Args:
        epoch: an epoch with its validation and checkpoint.
        rest: everything besides epochs that is still to come: tracing, the test, saving.
    """

    epoch: float
    rest: float


@dataclass(frozen=True)
class TimeBudget:
    """The time that a training may take, from the moment this object is made.

    Args:
        seconds: the time.
    """

    seconds: float
    _started: float = field(default_factory=time.monotonic, compare=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> TimeBudget:
        """Parse a number and a unit: "90 seconds", "20 minutes" or "1.5 hours".

        Raises:
            ZooError: for anything else.

        >>> TimeBudget.parse("1.5 hours").seconds
        5400.0
        """
        match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?) ?(second|minute|hour)s?", str(text))
        if not match or not float(match[1]):
            raise ZooError(
                f"{text!r} is not a time budget; give a time such as '90 seconds', '20 minutes' or "
                "'1.5 hours'."
            )
        return cls(float(match[1]) * _UNITS[match[2]])

    @property
    def passed(self) -> float:
        """The seconds since the budget was made."""
        return time.monotonic() - self._started

    def epochs(self, pace: Pace) -> int:
        """Return how many epochs fit into what is left of the budget, 0 if none does."""
        left = self.seconds - self.passed - pace.rest
        return max(0, min(int(left * (1 - _MARGIN) / pace.epoch), _MOST))

    def too_short(self, pace: Pace) -> TimeBudgetError:
        """Return the error for a budget into which no epoch fits."""
        needed = self.passed + pace.rest + pace.epoch / (1 - _MARGIN)
        return TimeBudgetError(
            f"Not one epoch fits into the time budget of {duration(self.seconds)}: one takes about "
            f"{duration(pace.epoch)}, and everything else {duration(self.passed + pace.rest)}; "
            f"give a --time-budget of at least {_rounded_up(needed)}."
        )

    def summary(self, epochs: int) -> str:
        """Return a sentence on how long a training of so many epochs took, now that it ended."""
        taken, over = self.passed, self.passed - self.seconds
        sentence = f"{epochs} epochs took {duration(taken)} of the time budget of "
        sentence += duration(self.seconds)
        if over <= 0:
            return f"{sentence}."
        return (
            f"{sentence}, {duration(over)} more: after the epochs were chosen, the machine was "
            "slower than before."
        )


def with_epochs(recipe: Recipe, epochs: int) -> Recipe:
    """Return a recipe with another number of epochs, and without the note on its own."""
    return replace(recipe, epochs=epochs, note="")


def recorded_epochs(whose: str, config: Mapping[str, Any], budget: TimeBudget) -> int:
    """Return the number of epochs that was chosen when a training began, from its config.json.

    Raises:
        ZooError: if it had another time budget, or none.
    """
    recorded = (config.get("time_budget") or {}).get("seconds")
    if recorded is None:
        raise ZooError(
            f"{whose} was trained without a time budget; repeat its settings to resume it, or give "
            "another run folder."
        )
    if recorded != budget.seconds:
        raise ZooError(
            f"{whose} belongs to a training with a time budget of {duration(recorded)}, not "
            f"{duration(budget.seconds)}; repeat its --time-budget to resume it, or give another "
            "run folder."
        )
    return int(config["recipe"]["epochs"])


def duration(seconds: float) -> str:
    """Return a duration as text.

    >>> duration(0.234), duration(60), duration(100), duration(5400)
    ('0.23 seconds', '1 minute', '1.7 minutes', '1.5 hours')
    """
    unit = next(
        (name for name, size in reversed(_UNITS.items()) if round(seconds) >= size), "second"
    )
    number = f"{seconds / _UNITS[unit]:.2g}" if seconds < 10 * _UNITS[unit] else ""
    number = number or f"{seconds / _UNITS[unit]:.0f}"
    return f"{number} {unit}{'s' * (number != '1')}"


def _rounded_up(seconds: float) -> str:
    if seconds <= 100:
        return f"'{math.ceil(seconds / 5) * 5} seconds'"
    return f"'{math.ceil(seconds / 60)} minutes'"

"""When a checkpoint is due: after every epoch, every so many steps, or every so many seconds."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field

from zoo.errors import ZooError


@dataclass
class CheckpointSchedule:
    """One of "epoch", "N steps", "N seconds".

    >>> CheckpointSchedule.parse("500 steps").next_stop(1234)
    1500
    """

    steps: int | None = None
    seconds: float | None = None
    _last: float = field(default_factory=time.monotonic, repr=False)

    @classmethod
    def parse(cls, text: str) -> CheckpointSchedule:
        """Read "epoch", "500 steps" or "60 seconds".

        Raises:
            ZooError: for anything else.
        """
        if text == "epoch":
            return cls()
        match = re.fullmatch(r"([1-9]\d*) ?(steps|seconds)", text)
        if not match:
            raise ZooError(
                f"A checkpoint cannot be written every {text!r}; "
                "say epoch, '500 steps' or '60 seconds'."
            )
        return cls(**{match[2]: int(match[1])})

    def next_stop(self, step: int) -> int:
        """Return the next step of this epoch at which a checkpoint may be due."""
        if self.steps is None:
            return 2**31
        return (step // self.steps + 1) * self.steps

    def due(self, step: int) -> bool:
        """Return whether one is due inside an epoch, after this step of it."""
        if self.steps is not None:
            return step % self.steps == 0
        if self.seconds is not None and time.monotonic() - self._last >= self.seconds:
            self._last = time.monotonic()
            return True
        return False

    def after_epoch(self, epoch: int, epochs: int) -> bool:
        """Return whether one is due now that `epoch` of `epochs` are finished."""
        if self.seconds is None or epoch == epochs:
            return True
        return self.due(0)

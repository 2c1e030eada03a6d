"""Profile a few training steps for TensorBoard."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

_STEPS = 20


class StepsProfile:
    """Profiles at least 20 steps, after the first call of the graph.

    Args:
        logs: TensorBoard's folder; the profile is written to `plugins/profile` in it.
    """

    def __init__(self, logs: Path):
        self._logs = logs
        self._profiled: int | None = None
        self._running = False

    def steps(self, count: int) -> None:
        """Start after the first call; stop after enough steps."""
        if self._profiled is None:
            tf.profiler.experimental.start(str(self._logs))
            self._profiled, self._running = 0, True
            return
        self._profiled += count
        if self._profiled >= _STEPS:
            self.close()

    def close(self) -> None:
        """Write the profile, if one was started and is not written yet."""
        if self._running:
            self._running = False
            tf.profiler.experimental.stop()

"""A TensorFlow profile of a few steps, for TensorBoard's profiler."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

_STEPS = 20


class StepsProfile:
    """Profiles at least 20 steps, after the first call, which traces the graph.

    Args:
        logs: TensorBoard's folder; the profile lies in `plugins/profile` below it.
    """

    def __init__(self, logs: Path):
        self._logs = logs
        self._profiled: int | None = None
        self._running = False

    def steps(self, count: int) -> None:
        """Begin after the first call, end once enough steps are in."""
        if self._profiled is None:
            tf.profiler.experimental.start(str(self._logs))
            self._profiled, self._running = 0, True
            return
        self._profiled += count
        if self._profiled >= _STEPS:
            self.close()

    def close(self) -> None:
        """Write what was profiled, if it has begun and is not written."""
        if self._running:
            self._running = False
            tf.profiler.experimental.stop()

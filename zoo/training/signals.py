"""SIGTERM, which a cluster sends before it takes a machine away: stop at the next safe point."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator

EXIT_CODE = 75


class Preempted(Exception):  # noqa: N818  not an error: all is saved
    """Training stopped on request, with a checkpoint written; the process exits with code 75."""


@contextlib.contextmanager
def preemption() -> Iterator[Callable[[], bool]]:
    """Give a function that tells whether SIGTERM has come since the block began."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        # Python delivers signals to the main thread only; a caller elsewhere handles its own.
        yield asked.is_set
        return
    before = signal.signal(signal.SIGTERM, lambda *_: asked.set())
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGTERM, before)

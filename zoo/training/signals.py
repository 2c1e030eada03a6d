"""Requests to stop: SIGTERM, which a cluster sends before it takes a machine away, and others."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator

from zoo.launcher import PREEMPTED, STOP_AT_END_OF_INPUT

EXIT_CODE = PREEMPTED


class Preempted(Exception):  # noqa: N818  not an error: all is saved
    """Training stopped on request, with a checkpoint written; the process exits with code 75."""


@contextlib.contextmanager
def preemption() -> Iterator[Callable[[], bool]]:
    """Give a function that tells whether the process was asked to stop.

    That is by SIGTERM since the block began; or, for a worker that the launcher started, by the
    end of its standard input.
    """
    asked = threading.Event()
    if os.environ.get(STOP_AT_END_OF_INPUT):
        threading.Thread(target=_wait_for_end_of_input, args=(asked,), daemon=True).start()
    if threading.current_thread() is not threading.main_thread():
        # Python delivers signals to the main thread only; a caller elsewhere handles its own.
        yield asked.is_set
        return
    before = signal.signal(signal.SIGTERM, lambda *_: asked.set())
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGTERM, before)


def _wait_for_end_of_input(asked: threading.Event) -> None:
    # The descriptor itself: a buffered stream's lock would be held when the interpreter ends.
    while os.read(sys.stdin.fileno(), 4096):
        pass
    asked.set()

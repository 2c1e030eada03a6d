"""Requests to stop a training: SIGTERM, Ctrl-C, and the end of a worker's standard input."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator

from zoo.errors import INTERRUPTED, PREEMPTED
from zoo.training.launcher import STOP_AT_END_OF_INPUT


class StopRequest:
    """Whether this process was asked to stop, and the exit code for it."""

    def __init__(self):
        self._asked = threading.Event()
        self.exit_code = PREEMPTED

    def __call__(self) -> bool:
        """Return whether it was."""
        return self._asked.is_set()

    def ask(self, exit_code: int = PREEMPTED) -> None:
        """Ask it."""
        if not self._asked.is_set():
            self.exit_code = exit_code
            self._asked.set()


@contextlib.contextmanager
def preemption() -> Iterator[StopRequest]:
    """Yield a `StopRequest`, which is set when the process is asked to stop.

    That is by SIGTERM or Ctrl-C since the block began, of which a second Ctrl-C ends it at once;
    or, for a worker that the launcher started, by the end of its standard input.
    """
    request = StopRequest()
    if os.environ.get(STOP_AT_END_OF_INPUT):
        threading.Thread(target=_wait_for_end_of_input, args=(request,), daemon=True).start()
    if threading.current_thread() is not threading.main_thread():
        # Python delivers signals to the main thread only; a caller elsewhere handles its own.
        yield request
        return

    def interrupted(*_):
        request.ask(INTERRUPTED)
        signal.signal(signal.SIGINT, before[signal.SIGINT] or signal.default_int_handler)

    handlers = {signal.SIGTERM: lambda *_: request.ask(), signal.SIGINT: interrupted}
    before = {kind: signal.getsignal(kind) for kind in handlers}
    # A shell makes what runs in the background ignore Ctrl-C, which stays so.
    kinds = [kind for kind in handlers if before[kind] is not signal.SIG_IGN]
    for kind in kinds:
        signal.signal(kind, handlers[kind])
    try:
        yield request
    finally:
        for kind in kinds:
            signal.signal(kind, before[kind] or signal.SIG_DFL)


def _wait_for_end_of_input(request: StopRequest) -> None:
    # The descriptor itself: a buffered stream's lock would be held when the interpreter ends.
    while os.read(sys.stdin.fileno(), 4096):
        pass
    request.ask()

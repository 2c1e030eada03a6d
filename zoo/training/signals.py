"""Requests to stop a training: SIGTERM, Ctrl-C, and the end of a worker's standard input."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator

from zoo.errors import INTERRUPTED, PREEMPTED
from zoo.training import guard
from zoo.training.launcher import STOP_AT_END_OF_INPUT
from zoo.utils.processes import STOP_SIGNALS


class StopRequest:
    """Whether this process was asked to stop, and the exit code to use."""

    def __init__(self):
        self._event = threading.Event()
        self.exit_code = PREEMPTED

    def __call__(self) -> bool:
        """Return whether this process was asked to stop."""
        return self._event.is_set()

    def set(self, exit_code: int = PREEMPTED) -> None:
        """Record a request to stop; only the first one counts."""
        if not self._event.is_set():
            self.exit_code = exit_code
            self._event.set()


@contextlib.contextmanager
def preemption() -> Iterator[StopRequest]:
    """Yield a `StopRequest` that is set by SIGTERM or Ctrl-C within the block.

    In a worker started by the launcher, the end of standard input sets it too: through the SIGTERM
    of `zoo.training.guard`, or where there is none by a thread. A second Ctrl-C interrupts the
    process at once.
    """
    request = StopRequest()
    if os.environ.get(STOP_AT_END_OF_INPUT) and not guard.AVAILABLE:
        threading.Thread(target=_wait_for_end_of_input, args=(request,), daemon=True).start()
    if threading.current_thread() is not threading.main_thread():
        # Python delivers signals to the main thread only; a caller elsewhere handles its own.
        yield request
        return

    def interrupted(*_):
        request.set(INTERRUPTED)
        signal.signal(signal.SIGINT, before[signal.SIGINT] or signal.default_int_handler)

    stops = dict.fromkeys(STOP_SIGNALS, lambda *_: request.set())
    handlers = {**stops, signal.SIGINT: interrupted}
    before = {kind: signal.getsignal(kind) for kind in handlers}
    # Shells let background processes ignore Ctrl-C; keep that.
    kinds = [kind for kind in handlers if before[kind] is not signal.SIG_IGN]
    for kind in kinds:
        signal.signal(kind, handlers[kind])
    try:
        yield request
    finally:
        for kind in kinds:
            signal.signal(kind, before[kind] or signal.SIG_DFL)


def _wait_for_end_of_input(request: StopRequest) -> None:
    # os.read, because a buffered stream's lock would still be held when the interpreter exits.
    while os.read(sys.stdin.fileno(), 4096):
        pass
    request.set()

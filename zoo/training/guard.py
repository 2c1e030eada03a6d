"""No worker survives its launcher: a process of its own ends the worker with its standard input.

A thread could not: in C++ code that waits for another machine, TensorFlow may hold the lock that
every thread of Python needs.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator

# On native Windows nothing sends SIGTERM; there a thread of the worker waits for the end of input.
AVAILABLE = os.name == "posix"
# On a worker's standard input: end at once, without a checkpoint.
KILL_LINE = "kill\n"
# How long a worker may take to write a checkpoint after a request to stop.
GRACE_SECONDS = 60.0
# Without a handler, as before training, SIGTERM ends a process at once, whatever it is doing.
_PROGRAM = """
import os, signal, sys, threading, time
worker, grace, alive, last = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
def leave_with_worker():
    os.read(alive, 1)
    os._exit(0)
threading.Thread(target=leave_with_worker, daemon=True).start()
heard = b""
try:
    while last.encode() not in heard and (piece := os.read(0, 4096)):
        heard += piece
except OSError:
    pass
if last.encode() not in heard:
    os.kill(worker, signal.SIGTERM)
    time.sleep(grace)
os.kill(worker, signal.SIGKILL)
"""


@contextlib.contextmanager
def ended_with_input() -> Iterator[None]:
    """End this process, within the block, when its standard input ends.

    SIGTERM lets a training write a checkpoint; SIGKILL follows after `GRACE_SECONDS`, or at once
    if the input is `KILL_LINE`. Nothing else may read the standard input meanwhile.
    """
    if not AVAILABLE:
        yield
        return
    theirs, ours = os.pipe()
    words = ["-I", "-S", "-c", _PROGRAM, str(os.getpid()), str(GRACE_SECONDS), str(theirs)]
    # It must not hold the worker's output: ssh ends only when nobody does.
    with subprocess.Popen(
        [sys.executable, *words, KILL_LINE],
        pass_fds=(theirs,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as guard:
        os.close(theirs)
        try:
            yield
        finally:
            os.close(ours)
            guard.kill()

"""No worker survives its launcher: a process of its own ends the worker with its standard input.

It does the same if the input falls silent, as when the launcher's host has lost power or its
network: nothing closes the input then. A launcher that writes to it once must go on to do so.

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
# On a worker's standard input, at most this long after the last one: the launcher is alive.
LIFE_LINE = "\n"
LIFE_SECONDS = 5.0
# How long a launcher may be silent. It writes more often, and TCP repeats what was lost.
SILENCE_SECONDS = 20.0
# How long a worker may take to write a checkpoint after a request to stop.
GRACE_SECONDS = 60.0
# Without a handler, as before training, SIGTERM ends a process at once, whatever it is doing.
_PROGRAM = """
import os, select, signal, sys, threading, time
worker, grace, silence, alive = int(sys.argv[1]), *map(float, sys.argv[2:4]), int(sys.argv[4])
kill = sys.argv[5].encode()
def leave_with_worker():
    os.read(alive, 1)
    os._exit(0)
threading.Thread(target=leave_with_worker, daemon=True).start()
heard, patience = b"", None
try:
    while kill not in heard and select.select([0], [], [], patience)[0]:
        piece = os.read(0, 4096)
        if not piece:
            break
        heard, patience = heard[-len(kill):] + piece, silence
except OSError:
    pass
if kill not in heard:
    os.kill(worker, signal.SIGTERM)
    time.sleep(grace)
os.kill(worker, signal.SIGKILL)
"""


@contextlib.contextmanager
def ended_with_input() -> Iterator[None]:
    """End this process, within the block, when its standard input ends or falls silent.

    Silent is who has written and then does not for `SILENCE_SECONDS`.

    SIGTERM lets a training write a checkpoint; SIGKILL follows after `GRACE_SECONDS`, or at once
    if the input is `KILL_LINE`. Nothing else may read the standard input meanwhile.
    """
    if not AVAILABLE:
        yield
        return
    theirs, ours = os.pipe()
    words = ["-I", "-S", "-c", _PROGRAM, str(os.getpid())]
    words += [str(GRACE_SECONDS), str(SILENCE_SECONDS), str(theirs), KILL_LINE]
    # It must not hold the worker's output: ssh ends only when nobody does.
    with subprocess.Popen(
        [sys.executable, *words],
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

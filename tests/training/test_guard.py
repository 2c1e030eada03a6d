"""A worker does not outlive its standard input, whatever it is doing."""

import signal
import subprocess
import sys
import time

import pytest
from network.namespaces import has_ended

from zoo.training import guard

pytestmark = pytest.mark.skipif(not guard.AVAILABLE, reason="no SIGTERM on this system")

# PyDLL keeps Python's lock during the call, as TensorFlow does while it connects.
HANGING = "import ctypes; ctypes.PyDLL(None).sleep(600)"
DEAF = """
    import signal, time
    signal.signal(signal.SIGTERM, lambda *_: None)
    time.sleep(600)
    time.sleep(600)
"""
CHILDREN = """
    import os, time
    with open(f"/proc/self/task/{os.getpid()}/children") as children:
        print(children.read(), flush=True)
"""


def start(program, grace=600, silence=600):
    lines = f"""
import time
from zoo.training import guard
guard.GRACE_SECONDS, guard.SILENCE_SECONDS = {grace}, {silence}
with guard.ended_with_input():
    print("ready", flush=True)
    {program}
"""
    process = subprocess.Popen(
        [sys.executable, "-c", lines], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    return process


def test_the_end_of_input_ends_a_worker_that_hangs_holding_python_s_lock():
    with start(HANGING) as worker:
        worker.stdin.close()
        assert worker.wait() == -signal.SIGTERM


def test_who_does_not_stop_is_killed_after_a_while():
    with start(DEAF, grace=1) as worker:
        worker.stdin.close()
        assert worker.wait() == -signal.SIGKILL


def test_a_line_kills_at_once():
    with start(DEAF) as worker:
        worker.stdin.write(guard.KILL_LINE)
        worker.stdin.flush()
        assert worker.wait() == -signal.SIGKILL


def test_a_launcher_that_falls_silent_ends_the_worker():
    with start(HANGING, silence=1) as worker:
        worker.stdin.write(guard.LIFE_LINE)
        worker.stdin.flush()
        assert worker.wait() == -signal.SIGTERM


def test_a_launcher_that_has_never_spoken_may_be_silent():
    with start("time.sleep(3)", silence=1) as worker:
        assert worker.wait() == 0


def test_a_launcher_that_goes_on_to_speak_is_heard():
    with start("time.sleep(4)", silence=3) as worker:
        while worker.poll() is None:
            worker.stdin.write(guard.LIFE_LINE)
            worker.stdin.flush()
            time.sleep(0.5)
        assert worker.returncode == 0


def test_the_guard_leaves_with_its_worker_and_holds_no_output():
    with start(CHILDREN) as worker:
        # The input is still open, the output is at its end.
        guarding = int(worker.stdout.read())
        assert worker.wait() == 0
    assert has_ended(guarding)


def test_a_killed_worker_leaves_no_guard():
    with start(CHILDREN + "    time.sleep(600)") as worker:
        guarding = int(worker.stdout.readline())
        assert not has_ended(guarding)
        worker.kill()
        worker.wait()
        # Longer than the timeout of tests is too long.
        while not has_ended(guarding):
            time.sleep(0.05)

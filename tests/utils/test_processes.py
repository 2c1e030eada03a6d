"""Processes: their output, their priority, and their end with all that they have started."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from zoo.utils import processes
from zoo.utils.processes import OWN_GROUP, STOP_SIGNALS, kill_group, run_python

STARTS_ANOTHER = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
child.wait()
"""


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_text_of_a_process_is_utf_8_whatever_the_locale(encoding, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    code = "import sys; print('ŷ → 学'); print('Größe', file=sys.stderr); sys.exit(3)"
    done = run_python("-c", code)
    assert (done.returncode, done.stdout, done.stderr) == (3, "ŷ → 学\n", "Größe\n")


def test_a_process_gets_this_environment_and_more(monkeypatch):
    monkeypatch.setenv("ZOO_ONE", "1")
    code = "import os; print(os.environ['ZOO_ONE'], os.environ['ZOO_TWO'])"
    assert run_python("-c", code, environment={"ZOO_TWO": "2"}).stdout == "1 2\n"


@pytest.mark.parametrize("groups", [True, False], ids=["process groups", "as on Windows"])
def test_a_process_ends_with_what_it_has_started(groups, monkeypatch):
    if not groups:
        monkeypatch.delattr(os, "killpg")
    words = [sys.executable, "-c", STARTS_ANOTHER]
    with subprocess.Popen(words, stdout=subprocess.PIPE, encoding="utf-8", **OWN_GROUP) as started:
        child = psutil.Process(int(started.stdout.readline()))
        kill_group(started.pid)
        started.wait(10)
    assert psutil.wait_procs([child], timeout=10)[0] == [child]
    # There is nothing left to kill, which is no error.
    kill_group(started.pid)


def test_a_group_is_not_reached_by_ctrl_c():
    assert os.getpgid(0) != _group_of_a_child()


def _group_of_a_child():
    words = [sys.executable, "-c", "import os; print(os.getpgid(0))"]
    done = subprocess.run(words, capture_output=True, encoding="utf-8", check=True, **OWN_GROUP)
    return int(done.stdout)


def test_priority_is_lowered_once_and_to_the_lowest_at_most():
    code = (
        "from zoo.utils.processes import lower_priority\n"
        "import psutil\n"
        "before = psutil.Process().nice()\n"
        "for _ in range(4):\n"
        "    lower_priority()\n"
        "    print(psutil.Process().nice() - before)"
    )
    before = psutil.Process().nice()
    expected = [min(19, before + 10 * times) - before for times in (1, 2, 3, 4)]
    assert [int(line) for line in run_python("-c", code).stdout.split()] == expected


def test_every_system_has_a_signal_that_stops_a_command():
    assert signal.SIGTERM in STOP_SIGNALS
    assert processes.KILL in (getattr(signal, "SIGKILL", None), signal.SIGTERM)


def test_windows_has_ctrl_break_and_no_sigkill():
    # What Python's `signal` and `os` have there, in a process of its own.
    code = (
        "import os, signal, subprocess\n"
        "del signal.SIGKILL, os.killpg, os.setsid, os.nice\n"
        "signal.SIGBREAK = signal.SIGUSR1\n"
        "subprocess.CREATE_NEW_PROCESS_GROUP = 512\n"
        "from zoo.utils import processes\n"
        "print(processes.KILL == signal.SIGTERM, processes.STOP_SIGNALS == "
        "(signal.SIGTERM, signal.SIGUSR1), dict(processes.OWN_GROUP))"
    )
    done = run_python("-c", code)
    assert done.stdout.strip() == "True True {'creationflags': 512}", done.stderr


def test_ctrl_break_stops_a_training_as_sigterm_does():
    code = (
        "import os, signal, time\n"
        "signal.SIGBREAK = signal.SIGUSR1\n"
        "from zoo.training.signals import preemption\n"
        "with preemption() as asked:\n"
        "    os.kill(os.getpid(), signal.SIGBREAK)\n"
        "    while not asked():\n"
        "        time.sleep(0.01)\n"
        "    print(asked.exit_code)"
    )
    begun = time.monotonic()
    done = run_python("-c", code)
    assert done.stdout.strip() == "75", done.stderr
    assert time.monotonic() - begun < 60

"""What the launcher, ssh and the workers' guards do by themselves when a host or a wire fails.

The workers only count, without TensorFlow, so that no worker notices that another one is lost.
`python -m pytest -m slow -s tests/training/test_launcher_on_the_wire.py` prints the table; each
fault comes five times, or ZOO_REPETITIONS times.
"""

import sys

import pytest
from wire_faults import (
    ENDING,
    HOSTS,
    MOST_SECONDS,
    REPETITIONS,
    Launcher,
    code_and_span,
    struck,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

LAUNCHER = """
import sys
from zoo.training.launcher import launch
worker, remote_shell, *hosts = sys.argv[1:]
sys.exit(launch([worker], "{}", hosts, remote_shell))
"""
WORKER = """
import signal, sys, time
from zoo.training import guard, handshake
handshake.from_line(handshake.read_line())
asked = []
signal.signal(signal.SIGTERM, lambda *_: asked.append(True))
print(handshake.STARTED, flush=True)
with guard.ended_with_input():
    epoch = 0
    while not asked:
        epoch += 1
        print("epoch", epoch, flush=True)
        time.sleep(0.1)
sys.exit(75)
"""


@pytest.fixture(scope="module")
def table():
    """The rows of the table that is printed in the end."""
    rows = []
    yield rows
    print("\n\n| fault | times | exit code | seconds until all had left |\n|---|---|---|---|")
    print("\n".join(rows))


@pytest.mark.parametrize("kind", ENDING)
def test_no_worker_is_left(kind, four_hosts, table, tmp_path):
    fault = kind(four_hosts)
    (tmp_path / "launcher.py").write_text(LAUNCHER, encoding="utf-8")
    (tmp_path / "worker.py").write_text(WORKER, encoding="utf-8")
    words = [tmp_path / "worker.py", four_hosts.remote_shell, *HOSTS]
    taken = []
    for _ in range(REPETITIONS):
        with Launcher(four_hosts, [sys.executable, tmp_path / "launcher.py", *words]) as launcher:
            launcher.wait_for_all()
            taken.append(struck(fault, launcher, four_hosts.network))
    code, span = code_and_span(fault, taken)
    table.append(f"| {fault.__doc__} | {REPETITIONS} | {code} | {span} |")
    assert max(taken) < MOST_SECONDS, taken

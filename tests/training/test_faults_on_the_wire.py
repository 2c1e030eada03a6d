"""What a training over several hosts does when the network, a host or the launcher fails.

`python -m pytest -m slow -s tests/training/test_faults_on_the_wire.py` prints the table that is in
docs/distributed.md; each fault comes five times, or ZOO_REPETITIONS times. The hosts are network
namespaces with real ssh servers; the workers are on a, b and c, the launcher is on d.
"""

import contextlib
import functools
import shlex
import sys
import tempfile
import time
from pathlib import Path

import pytest
from network.slow_wire import missing_for_slow_wire, slow_wire
from wire_faults import (
    ENDING,
    HOSTS,
    MOST_SECONDS,
    REPETITIONS,
    Launcher,
    code_and_span,
    struck,
    wait_until_nothing_is_left,
)

import zoo

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

MODEL = ("deep_relu", "--set", "classes=2", "--set", "width=32", "--set", "size=16")
MODEL += ("--set", "dropout=0.3", "--dataset", "photos", "--batch-size", "12")
# A fault comes after so many epochs, the next one as many later, and so many come after the last.
EPOCHS_BETWEEN = 15
EPOCHS_OF_SHORT = 3
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
HOUR = 3600
SLEEP = """
import select, time
time.sleep = lambda seconds: select.select([], [], [], seconds) and None
"""


def weights(folder):
    return [weight.tobytes() for weight in zoo.load_model(folder).get_weights()]


@pytest.fixture(scope="module")
def train(four_hosts, small_photos):
    """A function that starts a training over the hosts."""
    common = (*MODEL, "--data-dir", small_photos, "--checkpoint-every", "7 steps")

    def start(folder, epochs, remote_shell=None):
        over = (
            "--hosts",
            ",".join(HOSTS),
            "--remote-shell",
            remote_shell or four_hosts.remote_shell,
        )
        words = (*common, "--epochs", epochs, "--run-dir", folder, *over)
        # That a training starts is not a matter of time.
        words = (*words, "--start-timeout", "3600")
        return Launcher(four_hosts, [sys.executable, "-m", "zoo", "train", *words])

    return start


@pytest.fixture(scope="module")
def undisturbed(train, four_hosts, tmp_path_factory):
    """A function that returns the weights after so many epochs without a fault."""

    @functools.cache
    def weights_after(epochs):
        folder = tmp_path_factory.mktemp("undisturbed") / "run"
        with train(folder, epochs) as launcher:
            assert launcher.wait() == 0, launcher.said() + launcher.printed
        wait_until_nothing_is_left(four_hosts.network)
        return weights(folder)

    return weights_after


@pytest.fixture(scope="module")
def table():
    """The rows of the table that is printed in the end."""
    rows = []
    yield rows
    print("\n\n| fault | times | what the training does | exit code | seconds until all had left |")
    print("|---|---|---|---|---|")
    print("\n".join(rows))


@pytest.mark.parametrize("kind", ENDING)
def test_who_is_lost_is_named_all_leave_and_the_same_command_goes_on(
    kind, train, undisturbed, four_hosts, table, tmp_path
):
    """One training, which a fault ends again and again."""
    fault = kind(four_hosts)
    epochs = fault.epochs * (REPETITIONS + 1)
    taken = []
    with contextlib.ExitStack() as until_the_last:
        if fault.bits_per_second:
            until_the_last.enter_context(four_hosts.network.limited_rate(fault.bits_per_second))
        for repetition in range(1, REPETITIONS + 1):
            with train(tmp_path / "run", epochs) as launcher:
                launcher.wait_for_epoch(fault.epochs * repetition)
                taken.append(struck(fault, launcher, four_hosts.network))
                if fault.said:
                    assert "resumes from the last checkpoint" in launcher.said()
                # A resumed training says where it goes on.
                assert ("Resuming after epoch" in launcher.printed) == (repetition > 1)
            assert not (tmp_path / "run" / "results.json").exists()
    with train(tmp_path / "run", epochs) as launcher:
        assert launcher.wait() == 0, launcher.said() + launcher.printed
    assert "Resuming after epoch" in launcher.printed
    wait_until_nothing_is_left(four_hosts.network)
    assert weights(tmp_path / "run") == undisturbed(epochs)
    does = "ends, and goes on to the same weights"
    code, span = code_and_span(fault, taken)
    table.append(f"| {fault.__doc__} | {REPETITIONS} | {does} | {code} | {span} |")
    assert max(taken) < MOST_SECONDS, taken


# ---- what a training goes on with ----


def test_cables_that_are_pulled_for_two_seconds(train, undisturbed, four_hosts, table, tmp_path):
    epochs = EPOCHS_BETWEEN * (REPETITIONS + 1)
    with train(tmp_path / "run", epochs) as launcher:
        for repetition in range(1, REPETITIONS + 1):
            launcher.wait_for_epoch(EPOCHS_BETWEEN * repetition)
            # The chief's too.
            host = four_hosts.network["cab"[repetition % 3 - 1]]
            host.pull_cable()
            time.sleep(2)
            host.plug_cable()
            assert launcher.epoch < epochs
        assert launcher.wait() == 0, launcher.said() + launcher.printed
    wait_until_nothing_is_left(four_hosts.network)
    assert "Resuming" not in launcher.printed
    assert weights(tmp_path / "run") == undisturbed(epochs)
    table.append(f"| A cable is pulled for 2 s. | {REPETITIONS} | goes on, same weights | 0 | |")


@contextlib.contextmanager
def latency(servers, repetition):
    """100 ms in each direction."""
    require_slow_wire()
    with slow_wire(servers.network, 0.1):
        yield None


@contextlib.contextmanager
def loss(servers, repetition):
    """1 % of the packets are lost."""
    require_slow_wire()
    with slow_wire(servers.network, loss=0.01, seed=repetition):
        yield None


def require_slow_wire():
    if reason := missing_for_slow_wire():
        pytest.skip(reason)


@contextlib.contextmanager
def rate(servers, repetition):
    """10 Mbit/s, with a queue of 50 ms."""
    with servers.network.limited_rate(10e6):
        yield None


@contextlib.contextmanager
def clock(servers, repetition):
    """The clock of host b is an hour ahead, or behind."""
    if not FAKETIME.exists():
        pytest.skip("apt-get install faketime")
    offset = HOUR if repetition % 2 else -HOUR
    # The clock that counts from the start of a machine is no matter of date and time.
    shift = f"LD_PRELOAD={FAKETIME} FAKETIME={offset:+d} FAKETIME_DONT_FAKE_MONOTONIC=1"
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        # Else Python's sleep, until a moment of that other clock, is an hour off or an error.
        (Path(folder) / "sitecustomize.py").write_text(SLEEP)
        patch.setenv("PYTHONPATH", folder)
        shell = Path(folder) / "shell"
        lines = (
            "#!/bin/sh",
            f'case $1 in b) command="export {shift}; $2";; *) command=$2;; esac',
            f'exec {servers.remote_shell} "$1" "$command"',
        )
        shell.write_text("\n".join(lines) + "\n")
        shell.chmod(0o755)
        for name, away in (("a", 0), ("b", offset)):
            ask = shlex.join([sys.executable, "-c", "import time; print(time.time())"])
            there = float(servers.network["d"].run(shell, name, ask).stdout)
            assert abs(there - time.time() - away) < HOUR / 2
        yield str(shell)


GOING_ON = (latency, loss, rate, clock)


@pytest.mark.parametrize("condition", GOING_ON)
def test_a_network_that_is_slow_and_a_clock_that_is_wrong_change_no_bit(
    condition, train, undisturbed, four_hosts, table, tmp_path
):
    expected = undisturbed(EPOCHS_OF_SHORT)
    taken = []
    for repetition in range(REPETITIONS):
        folder = tmp_path / str(repetition)
        with condition(four_hosts, repetition) as remote_shell:
            began = time.monotonic()
            with train(folder, EPOCHS_OF_SHORT, remote_shell) as launcher:
                assert launcher.wait() == 0, launcher.said() + launcher.printed
            taken.append(time.monotonic() - began)
            wait_until_nothing_is_left(four_hosts.network)
        assert weights(folder) == expected
    print(f"\n{condition.__doc__} {min(taken):.0f} to {max(taken):.0f} s")
    table.append(f"| {condition.__doc__} | {REPETITIONS} | goes on, same weights | 0 | |")

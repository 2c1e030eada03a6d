"""Faults on the hosts and wires between a launcher on host d and its workers on a, b and c."""

import contextlib
import os
import re
import signal
import subprocess
import tempfile
import time

from zoo.training.launcher import WORKER_LOST

# As long as everybody may need to leave.
MOST_SECONDS = 30
REPETITIONS = int(os.environ.get("ZOO_REPETITIONS", "5"))
HOSTS = ("a:2222", "b:2222", "c:2222")
_GUARD = "import os, select, signal"


class Launcher:
    """A command that starts workers on hosts, run on host d, in a terminal of its own.

    Args:
        servers: the ssh servers of the hosts.
        command: its words.
    """

    def __init__(self, servers, command):
        self.terminal, inside = os.openpty()
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  closed by __exit__
        # The terminal is closed by its other end, and lines are not broken at its width.
        self.process = servers.network["d"].start(
            "setsid",
            "-c",
            *map(str, command),
            stdin=inside,
            stdout=inside,
            stderr=self.errors,
            env={**os.environ, "COLUMNS": "300"},
        )
        os.close(inside)
        self.printed = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.close_terminal()
        self.errors.close()

    def close_terminal(self):
        if self.terminal is not None:
            os.close(self.terminal)
            self.terminal = None

    def read(self):
        """Read what is printed next; return False at the end."""
        # EIO when nobody has the terminal open any more.
        with contextlib.suppress(OSError):
            if piece := os.read(self.terminal, 4096):
                self.printed += piece.decode(errors="replace")
                return True
        return False

    def wait_for_epoch(self, number):
        """Wait until an epoch is finished; others may be by then."""
        while self.epoch < number:
            assert self.read(), self.printed + self.said()

    def wait_for_all(self):
        """Wait until every worker has said something."""
        while not all(f"[{index}] epoch" in self.printed for index in range(len(HOSTS))):
            assert self.read(), self.printed + self.said()

    @property
    def epoch(self):
        found = re.findall(r"epoch +(\d+)", self.printed)
        return int(found[-1]) if found else 0

    def wait(self):
        """Return the exit code."""
        while self.terminal is not None and self.read():
            pass
        return self.process.wait()

    def said(self):
        """Return its error messages."""
        self.errors.seek(0)
        return self.errors.read().strip()


def left_on(hosts):
    """Return what runs on hosts besides the ssh servers, whose sessions wait for dead clients."""
    return [
        line
        for host in hosts
        for line in host.commands().values()
        if not line.startswith("sshd: ") and "sshd -D" not in line
    ]


def wait_until_nothing_is_left(hosts):
    # Longer than asked for: how long it took is measured.
    until = time.monotonic() + 10 * MOST_SECONDS
    while left := left_on(hosts):
        assert time.monotonic() < until, left
        time.sleep(0.05)


def struck(fault, launcher, hosts):
    """Let a fault strike; return the seconds until nothing was left.

    The fault is healed afterwards. What was said is printed and checked.
    """
    fault.strike(launcher)
    began = time.monotonic()
    try:
        code = launcher.wait()
        wait_until_nothing_is_left(hosts)
        seconds = time.monotonic() - began
        print(f"\n{fault.__doc__} {seconds:.1f} s, {code}. {launcher.said()}")
    finally:
        fault.heal()
    assert code == fault.code, launcher.said() + launcher.printed
    if fault.said:
        (sentence,) = launcher.said().splitlines()
        assert re.search(fault.said, sentence)
    return seconds


def code_and_span(fault, taken):
    """Return a fault's exit code, and the least and most seconds, as a table shows them."""
    code = f"{fault.code}" if fault.code >= 0 else f"signal {-fault.code}"
    return code, f"{min(taken):.0f} to {max(taken):.0f}"


class Fault:
    """A fault on a network with ssh servers.

    Attributes:
        code: the launcher's exit code, or minus the signal that ends it.
        said: what the launcher's error message has, a regular expression; "" if it cannot speak.
        epochs: how many a training needs for each time that the fault comes.
        bits_per_second: the speed of the network until it came for the last time; None: no limit.
    """

    code = WORKER_LOST
    said = ""
    epochs = 15
    bits_per_second: float | None = None

    def __init__(self, servers):
        self.servers = servers
        self.network = servers.network

    def strike(self, launcher):
        raise NotImplementedError

    def heal(self):
        """Undo what must be undone before the next start."""


class CablePulled(Fault):
    """The cable of host c is pulled, for good."""

    name = "c"
    said = r"Lost worker 2 \(c:2222\);|worker 2 on c or the connection to it was lost"

    def strike(self, launcher):
        self.network[self.name].pull_cable()

    def heal(self):
        self.network[self.name].plug_cable()


class CableOfChiefPulled(CablePulled):
    """The cable of host a, the chief's, is pulled, for good."""

    name = "a"
    said = r"Lost worker 0 \(a:2222\);|worker 0 on a or the connection to it was lost"


class PowerCut(CablePulled):
    """Host c loses power."""

    def strike(self, launcher):
        # First: a dead machine closes no connection.
        self.network[self.name].pull_cable()
        self.network[self.name].kill()

    def heal(self):
        super().heal()
        self.servers.start(self.name)


class PowerCutOfChief(PowerCut):
    """Host a, the chief's, loses power."""

    name = "a"
    said = CableOfChiefPulled.said


class PowerCutOfLauncher(PowerCut):
    """Host d, the launcher's, loses power."""

    name = "d"
    code = -signal.SIGKILL
    said = ""
    # The workers train on until they miss the launcher; a slow network leaves them epochs to go.
    epochs = 20
    bits_per_second = 1e7


class ChiefKilled(Fault):
    """The chief's process is killed, as for want of memory."""

    said = r"worker 0 on a "

    def strike(self, launcher):
        kill_one(self.network["a"], "worker")


class SshKilled(Fault):
    """The ssh session of host c is killed."""

    said = r"worker 2 on c or the connection to it was lost"

    def strike(self, launcher):
        kill_one(self.network["c"], "sshd: root@notty")


class SshSilent(Fault):
    """A firewall drops ssh between d and c, without a word to anybody."""

    said = SshKilled.said
    # Here, too, the workers train on.
    epochs = PowerCutOfLauncher.epochs
    bits_per_second = PowerCutOfLauncher.bits_per_second

    def strike(self, launcher):
        host = self.network["c"]
        rules = """
            table inet cut {
              chain in { type filter hook input priority 0; tcp dport 22 drop; }
              chain out { type filter hook output priority 0; tcp sport 22 drop; }
            }
        """
        subprocess.run(host.words("nft", "-f", "-"), input=rules, text=True, check=True)

    def heal(self):
        subprocess.run(self.network["c"].words("nft", "delete", "table", "inet", "cut"), check=True)


class TerminalClosed(Fault):
    """The launcher's terminal is closed."""

    code = -signal.SIGHUP

    def strike(self, launcher):
        launcher.close_terminal()


def kill_one(host, words):
    """Kill the process of a host that has these words in its command line."""
    (pid,) = [pid for pid, line in host.commands().items() if words in line and _GUARD not in line]
    os.kill(pid, signal.SIGKILL)


ENDING = (
    CablePulled,
    CableOfChiefPulled,
    PowerCut,
    PowerCutOfChief,
    PowerCutOfLauncher,
    ChiefKilled,
    SshKilled,
    SshSilent,
    TerminalClosed,
)

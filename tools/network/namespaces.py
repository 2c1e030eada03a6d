"""Hosts that are network namespaces of Linux, joined by a switch that is one too.

Nothing of the machine's own network is touched: the switch (a bridge) is in a namespace of its own,
so the addresses cannot collide with the machine's, nor with those of another network at the same
time. All hosts see the machine's files, except /etc/hosts, and those that a host hides.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# `ip netns exec NAME` shows the files of this folder's folder NAME in place of those in /etc.
_FILES = Path("/etc/netns")
_PROGRAMS = {"ip": "iproute2", "tc": "iproute2"}
_NAMES = "abcd"
_SECONDS_TO_END = 30.0
_count = itertools.count()


def missing(programs: dict[str, str] = _PROGRAMS) -> str:
    """Return why this process cannot make networks; "" if it can.

    Args:
        programs: the programs that are needed, with the Debian package of each.
    """
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "network namespaces need Linux and root"
    absent = [package for name, package in programs.items() if not shutil.which(name)]
    if absent:
        return f"apt-get install {' '.join(dict.fromkeys(absent))}"
    name = f"zoo-{os.getpid()}-probe"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, encoding="utf-8")
    if made.returncode:
        return f"no network namespaces here: {made.stderr.strip()}"
    subprocess.run(["ip", "netns", "delete", name], check=True)
    return ""


class Namespace:
    """A network namespace, in which commands can be run.

    Args:
        name: of the namespace; all processes of the machine see it.
    """

    def __init__(self, name: str):
        self.namespace = name
        _run("ip", "netns", "add", name)
        self.ip("link", "set", "lo", "up")

    def ip(self, *words: object) -> None:
        """Run `ip` on this namespace's links and addresses."""
        _run("ip", "-n", self.namespace, *words)

    def words(self, *command: object) -> list[str]:
        """Return the words of a command that runs another one in this namespace."""
        return ["ip", "netns", "exec", self.namespace, *map(str, command)]

    def start(self, *command: object, **options: Any) -> subprocess.Popen:
        """Start a command in this namespace; the options are those of `subprocess.Popen`."""
        return subprocess.Popen(self.words(*command), **options)

    def run(self, *command: object, **options: Any) -> subprocess.CompletedProcess:
        """Run a command in this namespace and return its exit code and output, as text."""
        options = {"capture_output": True, "encoding": "utf-8", "check": False, **options}
        return subprocess.run(self.words(*command), **options)

    def processes(self) -> list[int]:
        """Return the process ids of all that runs in this namespace."""
        return [int(pid) for pid in _run("ip", "netns", "pids", self.namespace).split()]

    def commands(self) -> dict[int, str]:
        """Return the command line of every process in this namespace, by process id."""
        found = {}
        for pid in self.processes():
            # The process may have ended since; of one that nobody waits for, nothing is left.
            with contextlib.suppress(OSError):
                words = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
                if words != [b""]:
                    found[pid] = b" ".join(words).decode(errors="replace")
        return found

    def kill(self) -> None:
        """Kill all processes in this namespace at once, as a power cut does, and wait."""
        until = time.monotonic() + _SECONDS_TO_END
        while pids := [pid for pid in self.processes() if not has_ended(pid)]:
            if time.monotonic() > until:
                raise TimeoutError(f"these processes did not end: {self.commands()}")
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)

    def delete(self) -> None:
        """Kill what runs in this namespace and delete it with its links."""
        self.kill()
        _run("ip", "netns", "delete", self.namespace)


class Host(Namespace):
    """A host that has one cable to the switch, once it is connected.

    Args:
        name: by which all hosts of the network know this one.
        address: in the network.
        namespace: the name of its network namespace.
        switch: the namespace at the other end of the cable.
    """

    link = "eth0"

    def __init__(self, name: str, address: str, namespace: str, switch: Namespace):
        super().__init__(namespace)
        self.name = name
        self.address = address
        self.switch = switch
        self.port = f"port-{name}"

    def connect(self) -> None:
        """Lay the cable."""
        _lay_cable(self, self.link, self.address, self.switch, self.port, "bridge")

    def pull_cable(self) -> None:
        """Cut this host off; nobody is told, as when a cable is pulled."""
        self.switch.ip("link", "set", self.port, "down")

    def plug_cable(self) -> None:
        """Undo `pull_cable`."""
        self.switch.ip("link", "set", self.port, "up")

    def limit_rate(self, bits_per_second: float) -> None:
        """Limit what the cable carries in each direction."""
        # What comes in 4 ms may pass at once: the timer of the kernel is not finer everywhere.
        burst = max(16_000, round(bits_per_second / 8 * 0.004))
        for end, link in ((self, self.link), (self.switch, self.port)):
            # A queue of 50 ms, then packets are dropped, as a switch does.
            words = ("tbf", "rate", f"{bits_per_second:.0f}bit", "burst", burst, "latency", "50ms")
            _run("tc", "-n", end.namespace, "qdisc", "replace", "dev", link, "root", *words)

    def free_rate(self) -> None:
        """Undo `limit_rate`."""
        for end, link in ((self, self.link), (self.switch, self.port)):
            _run("tc", "-n", end.namespace, "qdisc", "delete", "dev", link, "root")


class Network:
    """Hosts a, b, c, d in one subnet; see `network`.

    Args:
        switch: the namespace of the bridge.
        hosts: by name.
    """

    def __init__(self, switch: Namespace, hosts: dict[str, Host]):
        self.switch = switch
        self.hosts = hosts

    def __getitem__(self, name: str) -> Host:
        return self.hosts[name]

    def __iter__(self) -> Iterator[Host]:
        return iter(self.hosts.values())

    @contextlib.contextmanager
    def limited_rate(self, bits_per_second: float) -> Iterator[None]:
        """Limit what every cable carries in each direction, within the block."""
        with contextlib.ExitStack() as made:
            for host in self:
                host.limit_rate(bits_per_second)
                made.callback(host.free_rate)
            yield


@contextlib.contextmanager
def network(hosts: int = 4, subnet: str = "10.77.0") -> Iterator[Network]:
    """Make a network of hosts named a, b, c, d, and leave nothing of it.

    Args:
        hosts: how many, from 1 to 4.
        subnet: the first three numbers of all addresses.

    Yields:
        the network; `network["a"].start("ssh", "b", …)` runs a command on host a.
    """
    # Other networks may be made at the same time, by other processes or by this one.
    prefix = f"zoo-{os.getpid()}-{next(_count)}"
    _delete_abandoned()
    addresses = {name: f"{subnet}.{number}" for number, name in enumerate(_NAMES[:hosts], 1)}
    with contextlib.ExitStack() as made:
        # Called last: the folder may be in use by other networks.
        made.callback(_remove_if_empty, _FILES)
        switch = Namespace(f"{prefix}-switch")
        made.callback(switch.delete)
        switch.ip("link", "add", "name", "bridge", "type", "bridge")
        switch.ip("link", "set", "bridge", "up")
        found: dict[str, Host] = {}
        for name, address in addresses.items():
            namespace = f"{prefix}-{name}"
            made.callback(_write_hosts(namespace, addresses))
            found[name] = Host(name, address, namespace, switch)
            made.callback(found[name].delete)
            found[name].connect()
        yield Network(switch, found)


@contextlib.contextmanager
def outsider(network: Network, subnet: str = "10.88.0") -> Iterator[Outsider]:
    """Give every host a second cable, to another subnet, in which there is also a stranger.

    Args:
        network: the hosts.
        subnet: the first three numbers of the addresses in the other subnet.

    Yields:
        the stranger.
    """
    bridge, link = "outside", "eth1"
    switch = network.switch
    with contextlib.ExitStack() as made:
        switch.ip("link", "add", "name", bridge, "type", "bridge")
        made.callback(switch.ip, "link", "delete", bridge)
        switch.ip("link", "set", bridge, "up")
        stranger = Outsider(f"{switch.namespace.removesuffix('switch')}stranger")
        made.callback(stranger.delete)
        _lay_cable(stranger, link, f"{subnet}.254", switch, "port-stranger", bridge)
        for number, host in enumerate(network, 1):
            address, port = f"{subnet}.{number}", f"outside-{host.name}"
            _lay_cable(host, link, address, switch, port, bridge)
            made.callback(switch.ip, "link", "delete", port)
            # A host answers at all of its addresses, whichever cable a packet comes by.
            stranger.ip("route", "add", f"{host.address}/32", "via", address)
            stranger.seen[host.name] = (address, host.address)
        yield stranger


class Outsider(Namespace):
    """A stranger; `seen` has the addresses by which it can reach each host, by the host's name."""

    def __init__(self, name: str):
        super().__init__(name)
        self.seen: dict[str, tuple[str, str]] = {}


def _lay_cable(
    host: Namespace, link: str, address: str, switch: Namespace, port: str, bridge: str
) -> None:
    """Connect a link of a host, which has an address there, with a port of a bridge."""
    peer = ("peer", "name", link, "netns", host.namespace)
    switch.ip("link", "add", "name", port, "type", "veth", *peer)
    switch.ip("link", "set", port, "master", bridge)
    switch.ip("link", "set", port, "up")
    host.ip("address", "add", f"{address}/24", "dev", link)
    host.ip("link", "set", link, "up")


def _write_hosts(namespace: str, addresses: dict[str, str]) -> Any:
    """Write the names that a namespace resolves, and return what removes the file."""
    folder = _FILES / namespace
    folder.mkdir(parents=True)
    lines = ["127.0.0.1 localhost", *(f"{address} {name}" for name, address in addresses.items())]
    (folder / "hosts").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return lambda: shutil.rmtree(folder)


def _delete_abandoned() -> None:
    """Delete the namespaces of processes that were killed, unless something still runs there."""
    for line in _run("ip", "netns", "list").splitlines():
        name = line.split()[0]
        maker = re.fullmatch(r"zoo-([0-9]+)-.+", name)
        # Others may delete them at the same time.
        with contextlib.suppress(RuntimeError):
            if maker and has_ended(int(maker[1])) and not _run("ip", "netns", "pids", name).strip():
                _run("ip", "netns", "delete", name)
                shutil.rmtree(_FILES / name, ignore_errors=True)


def _remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def has_ended(pid: int) -> bool:
    """Return whether a process has ended, even if nobody has asked for its exit code yet."""
    try:
        return (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
            == "Z"
        )
    except (FileNotFoundError, ProcessLookupError):
        return True


def _run(*words: object) -> str:
    done = subprocess.run(list(map(str, words)), capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, words))}: {done.stderr.strip()}")
    return done.stdout

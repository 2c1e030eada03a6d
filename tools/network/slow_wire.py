"""A wire with latency, and with loss if asked for, in place of a network's cables.

Every host gets a TUN device, through which its packets to the other hosts go; a program, this file,
reads each packet from the sender's device and writes it to the receiver's some time later. It is a
program of its own so that a busy caller does not slow the wire. (`tc netem` does the same where a
kernel has it.)
"""

from __future__ import annotations

import collections
import contextlib
import fcntl
import os
import random
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from network.namespaces import Network

_TUN = Path("/dev/net/tun")
# From linux/if_tun.h.
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_DEVICE = "slow"
_MOST_BYTES = 65536
# Read from one device in one go; the others wait so long.
_PACKETS_AT_ONCE = 64


def missing_for_slow_wire() -> str:
    """Return why there can be no slow wire on this machine; "" if there can."""
    return "" if _TUN.exists() else f"no {_TUN}: mknod {_TUN} c 10 200, after mkdir -p /dev/net"


@contextlib.contextmanager
def slow_wire(
    network: Network, seconds: float = 0.0, *, loss: float = 0.0, seed: int = 0
) -> Iterator[None]:
    """Let all packets among the hosts of a network come later, or not at all, within the block.

    Their addresses stay the same, and so do their connections.

    Args:
        network: the hosts.
        seconds: the latency in one direction.
        loss: the probability with which a packet is lost.
        seed: of the choice of the packets that are lost.
    """
    names = {host.name: f"{_DEVICE}-{host.name}" for host in network}
    devices = [f"{names[host.name]}={host.address}" for host in network]
    words = [sys.executable, __file__, str(seconds), str(loss), str(seed), *devices]
    wire = network.switch.start(*words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with wire:
        try:
            # It says that the devices are there; then they are moved to where they belong.
            if not wire.stdout.readline():
                raise RuntimeError(f"the slow wire ended with exit code {wire.wait()}")
            for host in network:
                device = names[host.name]
                network.switch.ip("link", "set", device, "netns", host.namespace)
                host.ip("link", "set", device, "up", "txqueuelen", 10000)
                for other in network:
                    if other is not host:
                        route = (f"{other.address}/32", "dev", device, "src", host.address)
                        host.ip("route", "add", *route)
            yield
        finally:
            # With the program go its devices, and their routes.
            wire.kill()


def _open(device: str) -> int:
    """Return the file descriptor of a new TUN device."""
    opened = os.open(_TUN, os.O_RDWR | os.O_NONBLOCK)
    kind = (_IFF_TUN | _IFF_NO_PI).to_bytes(2, sys.byteorder)
    fcntl.ioctl(opened, _TUNSETIFF, device.encode().ljust(16, b"\0") + kind.ljust(24, b"\0"))
    return opened


def _packets(device: int) -> Iterator[bytes]:
    """Yield the packets that are there."""
    # Not ready any more, or not up yet.
    with contextlib.suppress(BlockingIOError, OSError):
        for _ in range(_PACKETS_AT_ONCE):
            yield os.read(device, _MOST_BYTES)


def carry(devices: dict[bytes, int], seconds: float, loss: float, seed: int) -> None:
    """Carry packets until standard input ends, as it does when the caller ends.

    Args:
        devices: the file descriptor of each host's device, by its IPv4 address, four bytes.
        seconds: the latency.
        loss: the probability with which a packet is lost.
        seed: of the choice of the packets that are lost.
    """
    draw = random.Random(seed).random
    # All wait equally long, so the first that came is the first to go on.
    waiting: collections.deque[tuple[float, int, bytes]] = collections.deque()
    ends = sys.stdin.fileno()
    while True:
        left = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        ready, _, _ = select.select([*devices.values(), ends], [], [], left)
        if ends in ready:
            return
        now = time.monotonic()
        for device in ready:
            for packet in _packets(device):
                # Bytes 16 to 19 of IPv4 are the receiver; other packets concern nobody.
                receiver = devices.get(packet[16:20]) if packet[0] >> 4 == 4 else None
                if receiver is not None and draw() >= loss:
                    waiting.append((now + seconds, receiver, packet))
        while waiting and waiting[0][0] <= time.monotonic():
            _, receiver, packet = waiting.popleft()
            # A full or closed device loses packets, as a real one does.
            with contextlib.suppress(OSError):
                os.write(receiver, packet)


def _main(seconds: str, loss: str, seed: str, *devices: str) -> None:
    opened = {}
    for device, _, address in (text.partition("=") for text in devices):
        opened[bytes(map(int, address.split(".")))] = _open(device)
    print("ready", flush=True)
    carry(opened, float(seconds), float(loss), int(seed))


if __name__ == "__main__":
    _main(*sys.argv[1:])

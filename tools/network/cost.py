"""What a network costs a training: its steps on 1, 2 and 4 hosts, with wires of each kind."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from network.namespaces import Network, network
from network.slow_wire import slow_wire

_WORKER = Path(__file__).with_name("steps.py")
_PORT = 2222
_STEPS = 20
_ROUNDS = 3


@dataclass(frozen=True)
class Wire:
    """A kind of cable.

    Args:
        name: for the table.
        bits_per_second: in each direction; None for as fast as the machine copies.
        latency: seconds in one direction, which a program adds; None for no such program.
    """

    name: str
    bits_per_second: float | None = None
    latency: float | None = None

    @contextlib.contextmanager
    def laid(self, hosts: Network) -> Iterator[None]:
        """Connect the hosts with this wire within the block."""
        with contextlib.ExitStack() as made:
            if self.bits_per_second:
                made.enter_context(hosts.limited_rate(self.bits_per_second))
            if self.latency is not None:
                made.enter_context(slow_wire(hosts, self.latency))
            yield

    def seconds(self, size: int, hosts: int) -> float:
        """Return how long a ring all-reduce of so many bytes takes at least.

        Each host sends 2 (n − 1) parts of 1/n of the bytes, one after the other.
        """
        parts = 2 * (hosts - 1)
        sending = parts / hosts * size * 8 / self.bits_per_second if self.bits_per_second else 0.0
        return sending + parts * (self.latency or 0.0)


WIRES = (
    Wire("unlimited"),
    Wire("1 Gbit/s", 1e9),
    Wire("100 Mbit/s", 1e8),
    Wire("0 ms, the program alone", None, 0.0),
    Wire("10 ms each way", None, 0.01),
)


@dataclass(frozen=True)
class Step:
    """What a step costs.

    Args:
        seconds: on the first host.
        sent: bytes that the first host sends.
    """

    seconds: float
    sent: float


def measure(
    model: str, count: int, wires: tuple[Wire, ...] = WIRES, precision: str = "float32"
) -> dict[str, Step]:
    """Return the cost of a step on so many hosts by the name of the wire, medians of rounds."""
    found: dict[str, list[Step]] = {wire.name: [] for wire in wires}
    with network(count) as hosts:
        addresses = [f"{host.address}:{_PORT}" for host in hosts]
        workers = []
        for index, host in enumerate(hosts):
            task = {"type": "worker", "index": index}
            config = json.dumps({"cluster": {"worker": addresses}, "task": task})
            worker = host.start(
                *(sys.executable, _WORKER, model, precision, _STEPS),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="utf-8",
                env={**os.environ, "TF_CONFIG": config},
            )
            workers.append(worker)
        for worker in workers:
            _answer(worker)
        _steps(workers)
        for _ in range(_ROUNDS):
            for wire in wires:
                with wire.laid(hosts):
                    found[wire.name].append(_steps(workers))
        for worker in workers:
            worker.communicate()
    return {name: _median(steps) for name, steps in found.items()}


def table(model: str, size: int) -> list[str]:
    """Return the lines of a table of steps per second.

    Args:
        model: a registered model.
        size: the bytes of its gradients.
    """
    lines = [
        "| hosts | wire | steps/s | a step | more than unlimited "
        "| a step takes at least (ring all-reduce) |",
        "|---|---|---|---|---|---|",
    ]
    for count in (1, 2, 4):
        # A host alone sends nothing.
        wires = WIRES if count > 1 else WIRES[:1]
        measured = measure(model, count, wires)
        fastest = measured[WIRES[0].name].seconds
        for wire in wires:
            seconds = measured[wire.name].seconds
            lines.append(
                f"| {count} | {wire.name} | {1 / seconds:.2f} | {1e3 * seconds:.0f} ms | "
                f"{1e3 * (seconds - fastest):.0f} ms | {1e3 * wire.seconds(size, count):.0f} ms |"
            )
            print(lines[-1], file=sys.stderr)
    return lines


def _median(steps: list[Step]) -> Step:
    middle = statistics.median
    return Step(middle(step.seconds for step in steps), middle(step.sent for step in steps))


def _steps(workers: list[subprocess.Popen]) -> Step:
    """Let all workers train, and return what a step cost the first one."""
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()
    first, *_ = [json.loads(_answer(worker)) for worker in workers]
    return Step(first["seconds"] / _STEPS, first["sent"] / _STEPS)


def _answer(worker: subprocess.Popen) -> str:
    assert worker.stdout is not None
    line = worker.stdout.readline()
    if not line:
        raise SystemExit(f"{' '.join(map(str, worker.args))} ended with {worker.wait()}")
    return line.strip()

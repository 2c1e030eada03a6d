"""Start the workers of a training, on this machine or on several, and stop them together.

This module does not need TensorFlow. Each worker is a process with TF_CONFIG set, which reads its
settings from the first line of its standard input, see `zoo.training.handshake`. When its standard
input is closed, as happens when the launcher ends for any reason, or falls silent, as happens when
the launcher's host is lost, the worker writes a checkpoint and ends, see `zoo.training.guard`.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from zoo.errors import BAD_INPUT, INTERRUPTED, PREEMPTED, WORKER_LOST, ZooError
from zoo.registry.plugins import VARIABLE
from zoo.training import handshake
from zoo.training.guard import GRACE_SECONDS, KILL_LINE, LIFE_LINE, LIFE_SECONDS
from zoo.training.remote_shell import on_host
from zoo.utils.processes import OWN_GROUP, STOP_SIGNALS, WRITING_UTF_8

STOP_AT_END_OF_INPUT = "ZOO_STOP_AT_END_OF_INPUT"
# How long to wait until remote shells say that their workers have ended.
_SECONDS_TO_END = 10.0
# What ssh ends with when it, and not the command, has failed.
_REMOTE_SHELL_FAILED = 255
_ERROR = "error: "
_FORWARDED = (
    "TFDS_DATA_DIR",
    "ZOO_CACHE_DIR",
    VARIABLE,
    "ZOO_DEBUG",
    "CUDA_VISIBLE_DEVICES",
)


def local_addresses(workers: int) -> list[str]:
    """Return one free address per worker on this machine's loopback interface.

    Raises:
        ZooError: for fewer than one worker.
    """
    if workers < 1:
        raise ZooError(f"--workers is {workers}; give a whole number from 1 up.")
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(workers)]
    addresses = [f"127.0.0.1:{listener.getsockname()[1]}" for listener in listeners]
    for listener in listeners:
        listener.close()
    return addresses


def parse_hosts(text: str) -> list[str]:
    """Parse "host0:2222,host1:2222".

    Raises:
        ZooError: unless there are at least two addresses, each with a port.

    >>> parse_hosts("a:2222,b:2222")
    ['a:2222', 'b:2222']
    """
    addresses = [address.strip() for address in text.split(",")]
    if len(addresses) < 2:
        raise ZooError(f"--hosts is {text!r}; give two or more, as in host0:2222,host1:2222.")
    check_addresses("--hosts", addresses)
    return addresses


def check_addresses(where: str, addresses: Sequence[str]) -> None:
    """Check that addresses are valid, host:port, and all different.

    Args:
        where: their source, for the error message.
        addresses: the addresses of the workers.

    Raises:
        ZooError: for the first invalid address.
    """
    for address in addresses:
        host, _, port = str(address).rpartition(":")
        number = int(port) if port.isascii() and port.isdigit() and len(port) <= 5 else 0
        if not isinstance(address, str) or not host or not 1 <= number <= 65535:
            raise ZooError(
                f"{where} has the address {address!r}; write host:port, with a port from 1 to "
                "65535, as in host0:2222."
            )
        if list(addresses).count(address) > 1:
            raise ZooError(
                f"{where} has the address {address!r} twice; give each worker its own, with "
                "different ports on one host."
            )


def launch(
    words: Sequence[str],
    settings: str,
    addresses: Sequence[str],
    remote_shell: str | None = None,
) -> int:
    """Run one Python process per address, relay their output, and return the exit code.

    If a worker fails, the others are killed. SIGTERM and Ctrl-C make all workers write a checkpoint
    and stop.

    Args:
        words: arguments of the Python interpreter, the same for all workers.
        settings: what each worker reads from its standard input, with the versions here.
        addresses: "host:port" of each worker; the first one is the chief.
        remote_shell: the program that runs a command on a host, such as "ssh"; None to run all
            workers on this machine. Each host needs the same files at the same paths.

    Returns:
        0 for success, 75 after SIGTERM, 130 after Ctrl-C, 2 for bad input or if a worker cannot be
        started, 69 if a worker was lost.
    """
    line = handshake.to_line(settings)
    asked: list[int] = []
    before = {kind: signal.getsignal(kind) for kind in (*STOP_SIGNALS, signal.SIGINT)}
    workers = []
    try:
        for kind in before:
            signal.signal(kind, lambda number, _: asked.append(number))
        for index in range(len(addresses)):
            workers.append(_Worker(index, words, line, addresses, remote_shell))
        code = _watch(workers, asked)
        return INTERRUPTED if code == PREEMPTED and signal.SIGINT in asked else code
    finally:
        # All are told before the first is waited for.
        for worker in workers:
            worker.kill()
        until = time.monotonic() + _SECONDS_TO_END
        for worker in workers:
            worker.wait(max(0.0, until - time.monotonic()))
        for kind, handler in before.items():
            signal.signal(kind, handler)


class _Worker:
    """A worker's process, and the thread that relays its output."""

    def __init__(
        self,
        index: int,
        words: Sequence[str],
        line: str,
        addresses: Sequence[str],
        remote_shell: str | None,
    ):
        environment = _environment(index, addresses)
        command = [sys.executable, *words]
        self.host = addresses[index].rpartition(":")[0] if remote_shell is not None else ""
        if remote_shell is not None:
            remote = _remote_command(command, environment)
            command = on_host(remote_shell, self.host, remote)
        self.index = index
        self.name = f"worker {index}" + f" on {self.host}" * bool(self.host)
        self.shell = remote_shell
        # Whether it said that it has what it needs.
        self.started = False
        self._asked_to_stop = False
        # The last line, if it is an error message, or came before the worker had started.
        self.last = ""
        try:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                env={**os.environ, **environment},
                # So that Ctrl-C only reaches the launcher, which asks the workers to stop.
                **OWN_GROUP,
            )
        except OSError as error:
            raise ZooError(f"{command[0]} cannot be started ({error.strerror}).") from error
        self._relay = threading.Thread(target=self._print_lines, daemon=True)
        self._relay.start()
        self._write(line + "\n")

    def request_stop(self) -> None:
        """End the worker's standard input."""
        self._asked_to_stop = True
        with contextlib.suppress(BrokenPipeError, ValueError):
            self._input.close()

    def poll(self) -> int | None:
        """Return the exit code of the worker; None while it runs."""
        code = self.process.poll()
        # Before training, a request to stop ends a worker at once, and ssh says of this only that
        # there was no exit code.
        at_once = (-signal.SIGTERM, *[_REMOTE_SHELL_FAILED] * bool(self.host))
        return PREEMPTED if self._asked_to_stop and code in at_once else code

    def say_alive(self) -> None:
        """Tell a worker on another host that the launcher can still be heard."""
        # On this host the end of the launcher closes the worker's input in any case, and a launcher
        # that the user suspends stops no training.
        if self.host:
            self._write(LIFE_LINE)

    def kill(self) -> None:
        """Let the process end at once, without waiting for it."""
        if self.process.poll() is None and self.host:
            # To kill the remote shell would leave its worker running for a while.
            self._write(KILL_LINE)
        elif self.process.poll() is None:
            self.process.kill()
        self.request_stop()

    def wait(self, seconds: float) -> None:
        """Wait until the process has ended, and all it printed is printed; kill it after a while.

        An error message at its end is not printed: it follows from what ended the training.
        """
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            # The host does not answer.
            self.process.kill()
            self.process.wait()
        # A process in the background, as of ssh's ControlPersist, may hold the output.
        self._relay.join(_SECONDS_TO_END)

    def take_last_words(self) -> str:
        """Return the last line of a process that has ended, which is then not printed."""
        self._relay.join(_SECONDS_TO_END)
        words, self.last = self.last, ""
        return words

    @property
    def _input(self) -> IO[str]:
        assert self.process.stdin is not None
        return self.process.stdin

    def _write(self, text: str) -> None:
        # If the worker has ended already, its exit code says why.
        with contextlib.suppress(BrokenPipeError, ValueError):
            self._input.write(text)
            self._input.flush()

    def _print_lines(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self._relay_line(line.rstrip("\n"))

    def _relay_line(self, line: str) -> None:
        self._print(self.last)
        self.last = ""
        if line == handshake.STARTED:
            self.started = True
        elif line and (not self.started or line.startswith(_ERROR)):
            self.last = line
        else:
            self._print(line)

    def _print(self, line: str) -> None:
        if line:
            print(f"[{self.index}] {line}", flush=True)


def _watch(workers: list[_Worker], asked: Sequence[int]) -> int:
    until = None
    said_alive = 0.0
    while True:
        if time.monotonic() - said_alive > LIFE_SECONDS:
            said_alive = time.monotonic()
            for worker in workers:
                worker.say_alive()
        codes = [worker.poll() for worker in workers]
        failed = [
            (worker, code)
            for worker, code in zip(workers, codes, strict=True)
            if code not in (None, 0, PREEMPTED)
        ]
        if failed:
            # That others are lost follows from what ended them.
            return _explain_failure(*min(failed, key=lambda pair: pair[1] == WORKER_LOST))
        if None not in codes:
            return max(code or 0 for code in codes)
        # If one worker is preempted, all are asked to stop, within a time limit.
        if until is None and (asked or PREEMPTED in codes):
            until = time.monotonic() + GRACE_SECONDS
            for worker in workers:
                worker.request_stop()
        if until is not None and time.monotonic() > until:
            print("error: The workers did not stop when asked and were killed.", file=sys.stderr)
            return WORKER_LOST
        time.sleep(0.05)


def _explain_failure(worker: _Worker, code: int) -> int:
    """Print one sentence on a worker that has ended, and return the launcher's exit code."""
    words = worker.take_last_words()
    if words.startswith(_ERROR):
        print(f"error: {worker.name} reports: {words.removeprefix(_ERROR)}", file=sys.stderr)
        return BAD_INPUT if code == BAD_INPUT else WORKER_LOST
    how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
    if not worker.started:
        why = words.strip().rstrip(".") or f"it {how} and said nothing"
        print(
            f"error: {worker.name} could not be started ({why}); {_remedy(worker, code)}.",
            file=sys.stderr,
        )
        return BAD_INPUT
    if worker.host and code == _REMOTE_SHELL_FAILED:
        how = "or the connection to it was lost"
    print(
        f"error: {worker.name} {how}; the others were stopped. The same command resumes from the "
        "last checkpoint.",
        file=sys.stderr,
    )
    return WORKER_LOST


def _remedy(worker: _Worker, code: int) -> str:
    if worker.host and code == _REMOTE_SHELL_FAILED:
        return f"see that `{worker.shell} {worker.host} true` works here"
    where = "every host needs" if worker.host else "a worker needs"
    return f"{where} {sys.executable} with this package and the folder {Path.cwd()}"


def _environment(index: int, addresses: Sequence[str]) -> dict[str, str]:
    """Return the environment variables of a worker."""
    task = {"type": "worker", "index": index}
    # So that the package is found even if it is not installed.
    path = [str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH", "")]
    return {
        "TF_CONFIG": json.dumps({"cluster": {"worker": list(addresses)}, "task": task}),
        STOP_AT_END_OF_INPUT: "1",
        "PYTHONUNBUFFERED": "1",
        **WRITING_UTF_8,
        "PYTHONPATH": os.pathsep.join(path).rstrip(os.pathsep),
    }


def _remote_command(command: list[str], environment: dict[str, str]) -> str:
    forwarded = {name: os.environ[name] for name in _FORWARDED if name in os.environ}
    assigned = [f"{name}={value}" for name, value in {**forwarded, **environment}.items()]
    return f"cd {shlex.quote(str(Path.cwd()))} && exec {shlex.join(['env', *assigned, *command])}"

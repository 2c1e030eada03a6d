"""Worker processes, as the web server sees them."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import socket
import subprocess
import sys
import tempfile
from typing import IO, Any

from zoo.errors import ZooError
from zoo.serve import pipes
from zoo.utils.processes import KILL

# The start of TensorFlow, or a new graph, is slow on a small board.
_ANSWER_SECONDS = 120.0
_BUFFER_BYTES = 2**20
_MAX_LOG_BYTES = 2000
# Any byte: a descriptor does not travel alone.
_FORK = b"f"


class StoppedError(Exception):
    """The process has ended, does not answer, or answers something else than a reply."""


@dataclasses.dataclass(frozen=True)
class Reply:
    """What a worker answers, as in `zoo.serve.worker`.

    Attributes:
        header: its values.
        state: the new state.
        drawn: what the page draws, or a text.
    """

    header: dict[str, Any]
    state: bytes
    drawn: bytes


class WorkerProcess:
    """A process that answers one message at a time.

    Args:
        reader: of its replies.
        writer: to it.

    Attributes:
        identifier: number of the process.
        bytes: its memory when it was ready.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self.identifier = 0
        self.bytes = 0
        self._reader = reader
        self._writer = writer

    async def begin(self) -> None:
        """Wait until it is ready.

        Raises:
            StoppedError: if it ends before; it must then be closed.
        """
        header = (await self._receive()).header
        self.identifier, self.bytes = header["process"], header["bytes"]

    async def ask(self, header: dict[str, Any], state: bytes) -> Reply:
        """Send a message and return the reply.

        Raises:
            StoppedError: if the process does not answer; it must then be closed.
        """
        try:
            self._writer.write(pipes.joined(json.dumps(header).encode(), state))
            await self._writer.drain()
        except OSError as error:
            raise StoppedError(type(error).__name__) from error
        return await self._receive()

    async def close(self) -> None:
        """End the process."""
        if self.identifier and not self._reader.at_eof():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.identifier, KILL)
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _receive(self) -> Reply:
        try:
            parts = await asyncio.wait_for(pipes.receive(self._reader), _ANSWER_SECONDS)
            header, state, drawn = parts
            return Reply(json.loads(header), state, drawn)
        except (OSError, EOFError, ValueError, asyncio.TimeoutError) as error:
            raise StoppedError(type(error).__name__) from error


class WorkerSource:
    """Starts workers: on Linux by forking a process that has imported TensorFlow.

    Elsewhere, libraries may have started threads by then, or there is no fork: every worker then
    imports TensorFlow by itself.
    """

    def __init__(self) -> None:
        self._log: IO[bytes] | None = None
        self._fork_server: subprocess.Popen | None = None
        self._control: socket.socket | None = None
        self._starting = asyncio.Lock()

    async def create(self) -> WorkerProcess:
        """Return a worker that is ready.

        Raises:
            ZooError: if it cannot be started.
        """
        try:
            worker = await (self._forked() if sys.platform == "linux" else self._spawned())
        except (OSError, asyncio.TimeoutError) as error:
            self.close()
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise ZooError(
                f"The training process cannot be started ({reason}); try again later."
            ) from error
        try:
            await worker.begin()
        except StoppedError as error:
            await worker.close()
            last = self.last_lines().splitlines()[-1:]
            raise ZooError(
                f"The training process did not start ({' '.join(last) or error}); try again later."
            ) from error
        except asyncio.CancelledError:
            await worker.close()
            raise
        return worker

    def last_lines(self) -> str:
        """Return the end of what the processes have printed to standard error."""
        if self._log is None:
            return ""
        size = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, size - _MAX_LOG_BYTES))
        return self._log.read().decode("utf-8", "replace").strip()

    def close(self) -> None:
        """End the process that is forked; workers go on."""
        if self._control:
            self._control.close()
            self._control = None
        if self._fork_server:
            self._fork_server.kill()
            self._fork_server.wait()
            self._fork_server = None
        if self._log:
            self._log.close()
            self._log = None

    async def _forked(self) -> WorkerProcess:
        async with self._starting:
            if self._fork_server is None or self._fork_server.poll() is not None:
                self.close()
                await self._start_fork_server()
        assert self._control is not None
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                socket.send_fds(self._control, [_FORK], [theirs.fileno()])
            return WorkerProcess(*await asyncio.open_connection(sock=ours, limit=_BUFFER_BYTES))
        except BaseException:
            ours.close()
            raise

    async def _start_fork_server(self) -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            self._fork_server = subprocess.Popen(
                [sys.executable, "-m", "zoo.serve.fork_server"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=self._errors(),
                env=_environment(),
            )
        self._control = ours
        ready = asyncio.get_running_loop().sock_recv(ours, 1)
        try:
            if not await asyncio.wait_for(ready, _ANSWER_SECONDS):
                last = " ".join(self.last_lines().splitlines()[-1:])
                raise ZooError(f"The training process did not start ({last}); try again later.")
        except BaseException:
            self.close()
            raise

    def _errors(self) -> IO[bytes]:
        if self._log is None:
            self._log = tempfile.TemporaryFile()  # noqa: SIM115  closed in `close`
        return self._log

    async def _spawned(self) -> WorkerProcess:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "zoo.serve.worker"),
            stdin=pipe,
            stdout=pipe,
            stderr=self._errors(),
            limit=_BUFFER_BYTES,
            env=_environment(),
        )
        assert process.stdout is not None
        assert process.stdin is not None
        return WorkerProcess(process.stdout, process.stdin)


def _environment() -> dict[str, str]:
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    # The models are small, and TensorFlow would reserve a GPU's whole memory per process.
    return {**os.environ, **dict.fromkeys(threads, "1"), "CUDA_VISIBLE_DEVICES": "-1"}

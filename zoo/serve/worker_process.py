"""One worker process, as the web server sees it."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import sys
import tempfile
from typing import IO, Any

from zoo.errors import ZooError
from zoo.serve import pipes

# The start of TensorFlow, or a new graph, is slow on a small board.
_ANSWER_SECONDS = 120.0
_BUFFER_BYTES = 2**20
_MAX_LOG_BYTES = 2000


class StoppedError(Exception):
    """The process has ended, does not answer, or answers what is no reply."""


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
    """A process that answers one message at a time; made by `create`.

    Attributes:
        bytes: its resident memory, in bytes, when it was ready.
    """

    def __init__(self, process: asyncio.subprocess.Process, errors: IO[bytes]):
        self.bytes = 0
        self._process = process
        self._errors = errors

    @classmethod
    async def create(cls) -> WorkerProcess:
        """Start a process and wait until it is ready, which takes seconds.

        Raises:
            ZooError: if it cannot be started.
        """
        pipe = asyncio.subprocess.PIPE
        # The models are small, and TensorFlow would reserve a GPU's whole memory per process.
        environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1"}
        errors = tempfile.TemporaryFile()  # noqa: SIM115  closed with the process
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "zoo.serve.worker"),
                stdin=pipe,
                stdout=pipe,
                stderr=errors,
                limit=_BUFFER_BYTES,
                env=environment,
            )
        except OSError as error:
            errors.close()
            raise ZooError(
                f"The training process cannot be started ({error.strerror}); try again later."
            ) from error
        worker = cls(process, errors)
        try:
            worker.bytes = (await worker._receive()).header["bytes"]
        except StoppedError as error:
            last = (await worker.close()).splitlines()[-1:]
            raise ZooError(
                f"The training process did not start ({' '.join(last) or error}); try again later."
            ) from error
        except asyncio.CancelledError:
            await worker.close()
            raise
        return worker

    @property
    def identifier(self) -> int:
        """The number of the process."""
        return self._process.pid

    async def ask(self, header: dict[str, Any], state: bytes) -> Reply:
        """Send a message and return the reply.

        Raises:
            StoppedError: if the process does not answer; it must then be closed.
        """
        # A pipe, as `create` says.
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(pipes.joined(json.dumps(header).encode(), state))
            await self._process.stdin.drain()
        except OSError as error:
            raise StoppedError(type(error).__name__) from error
        return await self._receive()

    async def close(self) -> str:
        """End the process and return the last lines of its standard error."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        if self._errors.closed:
            return ""
        with self._errors:
            size = self._errors.seek(0, os.SEEK_END)
            self._errors.seek(max(0, size - _MAX_LOG_BYTES))
            return self._errors.read().decode("utf-8", "replace").strip()

    async def _receive(self) -> Reply:
        assert self._process.stdout is not None
        try:
            parts = await asyncio.wait_for(pipes.receive(self._process.stdout), _ANSWER_SECONDS)
            header, state, drawn = parts
            return Reply(json.loads(header), state, drawn)
        except (OSError, EOFError, ValueError, asyncio.TimeoutError) as error:
            raise StoppedError(type(error).__name__) from error

"""Worker processes that train: a few, each lent to one page, ended when nobody watches."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import importlib.util
import json
import logging
import os
import secrets
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from typing import IO, Any

from zoo.errors import ZooError
from zoo.serve.messages import Settings

MAX_WORKERS = 2
# A page that is watched steps, or asks for 0 updates, more often than this.
SILENT_SECONDS = 30.0
# TensorFlow's start on a small board is part of the first answer.
_ANSWER_SECONDS = 120.0
_LINE_BYTES = 2**20
_TOLD_BYTES = 2000
_LOG = logging.getLogger("zoo.serve")


class BusyError(ZooError):
    """All workers are lent."""


class EndedError(ZooError):
    """The training that a page asks for is there no more."""


class BrokenError(ZooError):
    """A worker process has ended by itself."""


class Workers:
    """Lends processes that train.

    Args:
        most: how many there may be at once.
        silent_seconds: without a message after which a process is ended.
    """

    def __init__(self, most: int = MAX_WORKERS, silent_seconds: float = SILENT_SECONDS):
        self._most = most
        self._silent_seconds = silent_seconds
        self._lent: dict[str, _Worker] = {}
        self._starting = 0

    async def start(self, token: str | None, settings: Settings) -> dict[str, Any]:
        """Start a training; a token that is still good keeps its process.

        Returns:
            What is to be drawn, with the "token" and the "training" to step with.

        Raises:
            BusyError: if all are lent.
            BrokenError: if the process ends by itself.
            ZooError: if TensorFlow is not installed, or what the worker says.
        """
        if importlib.util.find_spec("tensorflow") is None:
            raise ZooError('Training needs TensorFlow; run: pip install "lecture-zoo[train]".')
        await self._end_silent()
        new = token is None or token not in self._lent
        if token is None or new:
            token = await self._lend()
        try:
            async with self._asking(token) as worker:
                return {"token": token, **await worker.start(settings)}
        except ZooError:
            # Nobody learns the token of a process that was refused its first message.
            if new:
                await self.end(token)
            raise

    async def step(self, token: str | None, training: int, updates: int) -> dict[str, Any]:
        """Make some updates of a training and return what is to be drawn.

        Raises:
            EndedError: if the process was ended, or trains something else by now.
            BrokenError: if the process ends by itself.
            ZooError: what the worker says.
        """
        async with self._asking(token) as worker:
            return {"token": token, **await worker.step(training, updates)}

    async def end(self, token: str | None) -> None:
        """Give a process back."""
        if token is not None and (worker := self._lent.pop(token, None)):
            await worker.close()

    async def close(self) -> None:
        """End all processes."""
        for token in list(self._lent):
            await self.end(token)

    async def end_unwatched(self) -> None:
        """End processes that nobody watches, for as long as this runs."""
        while True:
            await asyncio.sleep(min(1.0, self._silent_seconds / 4))
            await self._end_silent()

    async def _lend(self) -> str:
        if len(self._lent) + self._starting >= self._most:
            raise BusyError(
                f"All {self._most} places to train in are taken; one is free "
                f"{self._silent_seconds:g} seconds after its page is closed. Try again then."
            )
        self._starting += 1
        try:
            worker = await _Worker.create()
        except OSError as error:
            raise ZooError(f"No process to train in can be started ({error.strerror}).") from error
        finally:
            self._starting -= 1
        token = secrets.token_urlsafe(16)
        self._lent[token] = worker
        return token

    @contextlib.asynccontextmanager
    async def _asking(self, token: str | None) -> AsyncIterator[_Worker]:
        worker = None if token is None else self._lent.get(token)
        if token is None or worker is None:
            raise EndedError("This training has ended, because nobody looked; start it again.")
        try:
            yield worker
        except (OSError, asyncio.TimeoutError, ValueError) as error:
            told = await worker.close()
            if self._lent.pop(token, None) is None:
                raise EndedError("This training was ended; start it again.") from error
            _LOG.error("A worker broke off (%s): %s", type(error).__name__, told)
            raise BrokenError("The training broke off; start it again.") from error

    async def _end_silent(self) -> None:
        for token, worker in list(self._lent.items()):
            if not worker.busy and time.monotonic() - worker.heard > self._silent_seconds:
                await self.end(token)


class _Worker:
    def __init__(self, process: asyncio.subprocess.Process, errors: IO[bytes]):
        self.heard = time.monotonic()
        self._process = process
        self._errors = errors
        self._turn = asyncio.Lock()
        self._training = 0

    @classmethod
    async def create(cls) -> _Worker:
        pipe = asyncio.subprocess.PIPE
        # These models are small, and TensorFlow takes all of a GPU's memory for each process.
        environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1"}
        errors = tempfile.TemporaryFile()  # noqa: SIM115  closed with the process
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "zoo.serve.worker"),
            stdin=pipe,
            stdout=pipe,
            stderr=errors,
            limit=_LINE_BYTES,
            env=environment,
        )
        return cls(process, errors)

    @property
    def busy(self) -> bool:
        return self._turn.locked()

    async def start(self, settings: Settings) -> dict[str, Any]:
        async with self._turn:
            found = await self._ask({"do": "start", **dataclasses.asdict(settings)})
            self._training += 1
            return {"training": self._training, **found}

    async def step(self, training: int, updates: int) -> dict[str, Any]:
        async with self._turn:
            if training != self._training:
                raise EndedError("This training was replaced by another; start it again.")
            return {"training": training, **await self._ask({"do": "step", "updates": updates})}

    async def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        self.heard = time.monotonic()
        # Both are pipes, as `create` says.
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            await self._process.stdin.drain()
            line = await asyncio.wait_for(self._process.stdout.readline(), _ANSWER_SECONDS)
        except asyncio.CancelledError:
            # An answer that nobody has read would be taken for the next one's.
            self._kill()
            raise
        self.heard = time.monotonic()
        reply = json.loads(line)
        if "error" in reply:
            raise ZooError(reply["error"])
        return reply

    async def close(self) -> str:
        """End the process and return the end of what it wrote to standard error."""
        self._kill()
        await self._process.wait()
        if self._errors.closed:
            return ""
        with self._errors:
            size = self._errors.seek(0, os.SEEK_END)
            self._errors.seek(max(0, size - _TOLD_BYTES))
            return self._errors.read().decode("utf-8", "replace").strip()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

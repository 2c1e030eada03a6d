"""A pool of worker processes that train, one per open page, ended when they are idle."""

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
# An open page sends a message, with 0 updates while paused, more often than this.
IDLE_SECONDS = 30.0
# The first reply includes the start of TensorFlow, which is slow on a small board.
_ANSWER_SECONDS = 120.0
_LINE_BYTES = 2**20
_MAX_LOG_BYTES = 2000
_LOG = logging.getLogger("zoo.serve")


class PoolFullError(ZooError):
    """All workers are in use."""


class TrainingEndedError(ZooError):
    """The training that a message is about does not exist any more."""


class WorkerStoppedError(ZooError):
    """A worker process stopped unexpectedly."""


class WorkerPool:
    """A pool of worker processes; each trains one model for one page.

    Args:
        max_workers: the largest number of processes at once.
        idle_seconds: time without a message after which a process is ended.
    """

    def __init__(self, max_workers: int = MAX_WORKERS, idle_seconds: float = IDLE_SECONDS):
        self._max_workers = max_workers
        self._idle_seconds = idle_seconds
        self._workers: dict[str, _Worker] = {}
        self._starting = 0

    async def start(self, token: str | None, settings: Settings) -> dict[str, Any]:
        """Start a training, in the worker of this token if it still runs, else in a new one.

        Returns:
            The state of the training, with the "token" and the "training" to pass to `step`.

        Raises:
            PoolFullError: if all workers are in use.
            WorkerStoppedError: if the process stops unexpectedly.
            ZooError: if TensorFlow is not installed, or the worker reports an error.
        """
        if importlib.util.find_spec("tensorflow") is None:
            raise ZooError('Training needs TensorFlow; run: pip install "lecture-zoo[train]".')
        await self._end_idle_workers()
        new = token is None or token not in self._workers
        if token is None or new:
            token = await self._add_worker()
        try:
            async with self._using(token) as worker:
                return {"token": token, **await worker.start(settings)}
        except ZooError:
            # The page never receives the token of a worker whose first message failed.
            if new:
                await self.end(token)
            raise

    async def step(self, token: str | None, training: int, updates: int) -> dict[str, Any]:
        """Make updates of a training and return its state.

        Raises:
            TrainingEndedError: if the process was ended, or runs another training by now.
            WorkerStoppedError: if the process stops unexpectedly.
            ZooError: if the worker reports an error.
        """
        async with self._using(token) as worker:
            return {"token": token, **await worker.step(training, updates)}

    async def end(self, token: str | None) -> None:
        """End the worker of a token."""
        if token is not None and (worker := self._workers.pop(token, None)):
            await worker.close()

    async def close(self) -> None:
        """End all processes."""
        for token in list(self._workers):
            await self.end(token)

    async def end_idle(self) -> None:
        """End idle workers until this coroutine is cancelled."""
        while True:
            await asyncio.sleep(min(1.0, self._idle_seconds / 4))
            await self._end_idle_workers()

    async def _add_worker(self) -> str:
        if len(self._workers) + self._starting >= self._max_workers:
            raise PoolFullError(
                f"All {self._max_workers} training workers are in use; one becomes free "
                f"{self._idle_seconds:g} seconds after its page is closed. Try again then."
            )
        self._starting += 1
        try:
            worker = await _Worker.create()
        except OSError as error:
            raise ZooError(
                f"The training process cannot be started ({error.strerror}); try again later."
            ) from error
        finally:
            self._starting -= 1
        token = secrets.token_urlsafe(16)
        self._workers[token] = worker
        return token

    @contextlib.asynccontextmanager
    async def _using(self, token: str | None) -> AsyncIterator[_Worker]:
        worker = None if token is None else self._workers.get(token)
        if token is None or worker is None:
            raise TrainingEndedError(
                "This training was ended because its page was idle; start it again."
            )
        try:
            yield worker
        except (OSError, asyncio.TimeoutError, ValueError) as error:
            log = await worker.close()
            if self._workers.pop(token, None) is None:
                raise TrainingEndedError("This training was ended; start it again.") from error
            _LOG.error("A worker stopped unexpectedly (%s): %s", type(error).__name__, log)
            raise WorkerStoppedError(
                "The training process stopped unexpectedly; start it again."
            ) from error

    async def _end_idle_workers(self) -> None:
        for token, worker in list(self._workers.items()):
            if not worker.busy and time.monotonic() - worker.last_message_at > self._idle_seconds:
                await self.end(token)


class _Worker:
    def __init__(self, process: asyncio.subprocess.Process, errors: IO[bytes]):
        self.last_message_at = time.monotonic()
        self._process = process
        self._errors = errors
        self._lock = asyncio.Lock()
        self._training = 0

    @classmethod
    async def create(cls) -> _Worker:
        pipe = asyncio.subprocess.PIPE
        # The models are small, and TensorFlow would reserve a GPU's whole memory per process.
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
        return self._lock.locked()

    async def start(self, settings: Settings) -> dict[str, Any]:
        async with self._lock:
            found = await self._send({"do": "start", **dataclasses.asdict(settings)})
            self._training += 1
            return {"training": self._training, **found}

    async def step(self, training: int, updates: int) -> dict[str, Any]:
        async with self._lock:
            if training != self._training:
                raise TrainingEndedError("This training was replaced by another; start it again.")
            return {"training": training, **await self._send({"do": "step", "updates": updates})}

    async def _send(self, message: dict[str, Any]) -> dict[str, Any]:
        self.last_message_at = time.monotonic()
        # Both are pipes, as `create` says.
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            await self._process.stdin.drain()
            line = await asyncio.wait_for(self._process.stdout.readline(), _ANSWER_SECONDS)
        except asyncio.CancelledError:
            # The unread reply would be taken for the reply to the next message.
            self._kill()
            raise
        self.last_message_at = time.monotonic()
        reply = json.loads(line)
        if "error" in reply:
            raise ZooError(reply["error"])
        return reply

    async def close(self) -> str:
        """End the process and return the last lines of its standard error."""
        self._kill()
        await self._process.wait()
        if self._errors.closed:
            return ""
        with self._errors:
            size = self._errors.seek(0, os.SEEK_END)
            self._errors.seek(max(0, size - _MAX_LOG_BYTES))
            return self._errors.read().decode("utf-8", "replace").strip()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

"""Learner processes: a few, each lent to one page at a time, ended when it falls silent."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import secrets
import sys
import time
from typing import Any

from zoo.errors import ZooError

MAX_LEARNERS = 2
_SILENT_SECONDS = 60.0
_ANSWER_SECONDS = 60.0
_LINE_BYTES = 2**20


class BusyError(ZooError):
    """All learners are lent."""


class Learners:
    """Lends processes that train.

    Args:
        most: how many there may be at once.
    """

    def __init__(self, most: int = MAX_LEARNERS):
        self._most = most
        self._lent: dict[str, _Learner] = {}
        self._starting = 0

    async def start(self, token: str | None, order: dict[str, Any]) -> dict[str, Any]:
        """Start a training; a token that is still good keeps its process.

        Returns:
            What is to be drawn, and the "token" to step with.

        Raises:
            BusyError: if all are lent.
            ZooError: if TensorFlow is not installed, or what the learner says.
        """
        if importlib.util.find_spec("tensorflow") is None:
            raise ZooError('Training needs TensorFlow; run: pip install "lecture-zoo[train]".')
        await self._end_silent()
        new = token not in self._lent
        if new:
            if len(self._lent) + self._starting >= self._most:
                raise BusyError(
                    f"All {self._most} places to train in are taken; one is free a minute after "
                    "its page is closed. Try again then."
                )
            self._starting += 1
            try:
                learner = await _Learner.create()
            finally:
                self._starting -= 1
            token = secrets.token_urlsafe(16)
            self._lent[token] = learner
        try:
            return {"token": token, **await self._order(token, {**order, "do": "start"})}
        except ZooError:
            # Nobody learns the token of a process that was refused its first order.
            if new:
                await self.end(token)
            raise

    async def step(self, token: str | None, updates: Any) -> dict[str, Any]:
        """Make some updates and return what is to be drawn.

        Raises:
            ZooError: if the token is good no more, or what the learner says.
        """
        if token not in self._lent:
            raise ZooError("This training has ended, because nobody looked; start it again.")
        return await self._order(token, {"do": "step", "updates": updates})

    async def end(self, token: str | None) -> None:
        """Give a process back."""
        if learner := self._lent.pop(token, None):
            await learner.close()

    async def close(self) -> None:
        """End all processes."""
        for token in list(self._lent):
            await self.end(token)

    async def _order(self, token: str, order: dict[str, Any]) -> dict[str, Any]:
        try:
            reply = await self._lent[token].ask(order)
        except (OSError, asyncio.TimeoutError, ValueError) as error:
            await self.end(token)
            raise ZooError("The training broke off; start it again.") from error
        if "error" in reply:
            raise ZooError(reply["error"])
        return reply

    async def _end_silent(self) -> None:
        for token, learner in list(self._lent.items()):
            if time.monotonic() - learner.heard > _SILENT_SECONDS:
                await self.end(token)


class _Learner:
    def __init__(self, process: asyncio.subprocess.Process):
        self.heard = time.monotonic()
        self._process = process
        self._turn = asyncio.Lock()

    @classmethod
    async def create(cls) -> _Learner:
        pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        words = (sys.executable, "-m", "zoo.serve.learner")
        return cls(
            await asyncio.create_subprocess_exec(
                *words, stdin=pipe, stdout=pipe, stderr=null, limit=_LINE_BYTES
            )
        )

    async def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        async with self._turn:
            self.heard = time.monotonic()
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            await self._process.stdin.drain()
            line = await asyncio.wait_for(self._process.stdout.readline(), _ANSWER_SECONDS)
            self.heard = time.monotonic()
            return json.loads(line)

    async def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

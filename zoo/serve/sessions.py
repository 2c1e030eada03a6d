"""The trainings of all open pages: their settings, their states, and what was set by hand."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any

from zoo.errors import ZooError
from zoo.serve.scheduler import Scheduler
from zoo.serve.session import AnySettings, Session, Snapshot, shape_of
from zoo.serve.settings import MAX_TOTAL_UPDATES
from zoo.serve.worker_process import Reply

# An open page sends a message more often than this.
IDLE_SECONDS = 30.0
# Of the processes, after the last training has ended.
_LINGER_SECONDS = 10.0
PLACES_PER_WORKER = 30
# A browser may show several pages, but not fill the room.
PLACES_PER_CLIENT = 4
_MAX_WAITING = 4
_MAX_EDITS = 1000


class RoomFullError(ZooError):
    """All places are taken."""


class ClientFullError(ZooError):
    """A client has as many trainings as one may have."""


class TrainingEndedError(ZooError):
    """The training that a message is about does not exist any more."""


class TooManyWaitingError(ZooError):
    """Too many messages about one training wait for their answers."""


class Sessions:
    """The trainings of all pages; a page knows its own by a secret token.

    Every frame is JSON: {"training": token, "settings": {…}, "updates": …, …}, the rest as the
    kind of training draws it.

    Args:
        scheduler: sends the work to the workers.
        places: the largest number of trainings.
        idle_seconds: time without a message after which a training is ended.
    """

    def __init__(
        self, scheduler: Scheduler, places: int | None = None, idle_seconds: float = IDLE_SECONDS
    ):
        self.places = PLACES_PER_WORKER * scheduler.workers if places is None else places
        self._scheduler = scheduler
        self._idle_seconds = idle_seconds
        self._sessions: dict[str, Session] = {}
        self._ended_at = time.monotonic()

    def __len__(self) -> int:
        return len(self._sessions)

    async def start(
        self, settings: AnySettings, replaced: str | None = None, client: str | None = None
    ) -> bytes:
        """Start a training and return its first frame.

        Args:
            settings: of the training.
            replaced: token of the training that ends when this one has started.
            client: whose training it is; None for a program on this machine, which may fill all
                places.

        Raises:
            ClientFullError: if the client has `PLACES_PER_CLIENT` trainings already.
            RoomFullError: if all places are taken.
            ZooError: if TensorFlow is not installed, or the settings cannot be trained.
        """
        if importlib.util.find_spec("tensorflow") is None:
            raise ZooError('Training needs TensorFlow; run: pip install "lecture-zoo[train]".')
        self._end_idle()
        old = self._sessions.get(replaced or "")
        if old is not None and old.is_replaced:
            old = None
        if old is None and len(self._sessions) >= self.places:
            raise RoomFullError(
                f"The room is full: all {self.places} places for training are taken; one becomes "
                f"free {self._idle_seconds:g} seconds after its page is closed."
            )
        if old is None and client is not None and self._of(client) >= PLACES_PER_CLIENT:
            raise ClientFullError(
                f"Each browser may have {PLACES_PER_CLIENT} trainings at once; close another page."
            )
        token = secrets.token_urlsafe(16)
        session = Session(settings, self._scheduler.take_seat(shape_of(settings)), client)
        self._sessions[token] = session
        if old:
            # Its place is this one's; it ends only when this one has started.
            old.is_replaced = True
        try:
            async with self._turn(token):
                reply = await self._run(session, {"do": "start", "draw": "first"})
                session.begin(reply.state)
        except BaseException:
            self.end(token)
            if old:
                old.is_replaced = False
            raise
        if old and replaced:
            self.end(replaced)
        return self._frame(token, session, reply)

    async def step(self, token: str, updates: int) -> bytes:
        """Make at most this many updates, at least one unless it is 0, and return the frame.

        They are new updates: weights that were set by hand later are forgotten, and with them what
        was reached then. `back` goes to later updates without that.

        Raises:
            TrainingEndedError: if there is no such training.
            ZooError: if the training has diverged; it then stays where it was.
        """
        async with self._turn(token) as session:
            if updates and session.updates >= MAX_TOTAL_UPDATES:
                raise ZooError(
                    f"The training has made {MAX_TOTAL_UPDATES:,} updates, the most; start again."
                )
            updates = min(updates, MAX_TOTAL_UPDATES - session.updates)
            header = {"do": "advance", "updates": updates, "draw": "frame"}
            reply = await self._run(session, header, session.state)
            if reply.header["updates"] > session.updates:
                session.drop_later_edits()
            session.move(reply)
            return self._frame(token, session, reply)

    async def back(self, token: str, to: int) -> bytes:
        """Go to the state after `to` updates, which was reached before, and return its frame.

        The updates from the nearest kept state are made again, and weights that were set by hand
        among them are set again. Those that were set later are kept: one can go to them again.

        Raises:
            TrainingEndedError: if there is no such training.
            ZooError: if the training has never made that many updates.
        """
        async with self._turn(token) as session:
            if to > session.reached:
                raise ZooError(
                    f"The training has made {session.reached:,} updates, fewer than {to:,}; "
                    "go back to an earlier one."
                )
            at, state = session.nearest(to)
            # The nearest state has all that was set by hand until then.
            edits = [edit for edit in session.edits if at < edit["update"] <= to]
            for edit in edits:
                state = await self._advance(session, state, edit["update"] - at)
                at = edit["update"]
                header = {"do": "weight", **edit}
                state = (await self._run(session, header, state)).state
            state = await self._advance(session, state, to - at)
            header = {"do": "advance", "updates": 0, "draw": "frame"}
            reply = await self._run(session, header, state)
            session.move(reply)
            return self._frame(token, session, reply)

    async def set_weight(
        self, token: str, layer: int, row: int, column: int, value: float
    ) -> bytes:
        """Set one weight of a plane's network by hand and return the frame; row −1 is the bias.

        Raises:
            TrainingEndedError: if there is no such training.
            ZooError: if it has no such weight.
        """
        async with self._turn(token) as session:
            _require_plane(session.settings, "a weight can be set by hand")
            if len(session.edits) >= _MAX_EDITS:
                raise ZooError(f"{_MAX_EDITS:,} weights were set by hand, the most; start again.")
            edit = {"layer": layer, "row": row, "column": column, "value": value}
            header = {"do": "weight", **edit, "draw": "frame"}
            reply = await self._run(session, header, session.state)
            session.edit(reply, {"update": session.updates, **edit})
            return self._frame(token, session, reply)

    async def python(self, token: str) -> str:
        """Return a Python program that arrives at the same weights of a plane's network.

        Raises:
            TrainingEndedError: if there is no such training.
            ZooError: if the training is of another kind.
        """
        async with self._turn(token) as session:
            _require_plane(session.settings, "the code is written")
            header = {"do": "python", "updates": session.updates, "edits": session.made_edits}
            return (await self._run(session, header)).drawn.decode()

    async def snapshot(self, token: str) -> Snapshot:
        """Return a training as it is when its last message has been answered.

        Raises:
            TrainingEndedError: if there is no such training.
        """
        async with self._turn(token) as session:
            return session.snapshot()

    def keep_alive(self, token: str) -> None:
        """Keep a training that makes no updates now.

        Raises:
            TrainingEndedError: if there is no such training.
        """
        self._session(token).asked_at = time.monotonic()

    def end(self, token: str) -> None:
        """End a training, if it exists, and free its place."""
        if session := self._sessions.pop(token, None):
            self._scheduler.leave_seat(session.seat)
            session.is_ended = True
            self._ended_at = time.monotonic()

    async def end_idle(self) -> None:
        """End idle trainings, and the workers when there is none, until this is cancelled."""
        while True:
            await asyncio.sleep(min(1.0, self._idle_seconds / 4))
            self._end_idle()
            rest = min(_LINGER_SECONDS, self._idle_seconds)
            if not self._sessions and time.monotonic() - self._ended_at > rest:
                await self._scheduler.close()

    async def close(self) -> None:
        """End all trainings and processes."""
        for token in list(self._sessions):
            self.end(token)
        await self._scheduler.close()

    def _of(self, client: str) -> int:
        return sum(session.client == client for session in self._sessions.values())

    async def _advance(self, session: Session, state: bytes, updates: int) -> bytes:
        """Make exactly this many updates, in as many turns as it takes."""
        while updates:
            header = {"do": "advance", "updates": updates}
            reply = await self._run(session, header, state)
            made = reply.header["updates"] - reply.header["before"]
            updates, state = updates - made, reply.state
        return state

    async def _run(self, session: Session, header: dict[str, Any], state: bytes = b"") -> Reply:
        if session.is_ended:
            raise _ended()
        header = {**header, "settings": session.text}
        return await self._scheduler.run(session.seat, header, state)

    def _session(self, token: str) -> Session:
        session = self._sessions.get(token)
        if session is None:
            raise _ended()
        return session

    @contextlib.asynccontextmanager
    async def _turn(self, token: str) -> AsyncIterator[Session]:
        """Wait until the training has answered all earlier messages."""
        session = self._session(token)
        if session.waiting >= _MAX_WAITING:
            raise TooManyWaitingError(
                f"{_MAX_WAITING} messages about this training wait already; wait for the answers."
            )
        session.waiting += 1
        session.asked_at = time.monotonic()
        try:
            async with session.lock:
                if session.is_ended:
                    raise _ended()
                yield session
            if session.is_ended:
                raise _ended()
        finally:
            session.waiting -= 1
            session.asked_at = time.monotonic()

    def _frame(self, token: str, session: Session, reply: Reply) -> bytes:
        head = f'{{"training":"{token}","settings":{session.text},'
        return head.encode() + reply.drawn[1:]

    def _end_idle(self) -> None:
        now = time.monotonic()
        for token, session in list(self._sessions.items()):
            if not session.waiting and now - session.asked_at > self._idle_seconds:
                self.end(token)


def _require_plane(settings: AnySettings, what: str) -> None:
    if settings.kind != "plane":
        raise ZooError(f"Only in a training of the plane {what}; this one is a {settings.kind}.")


def _ended() -> TrainingEndedError:
    return TrainingEndedError("This training was ended because its page was idle; start it again.")

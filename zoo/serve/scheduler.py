"""Shares a few worker processes among many trainings: one turn each, in the order of asking."""

from __future__ import annotations

import asyncio
import logging
import os
from collections import Counter, deque
from collections.abc import Coroutine, Hashable
from typing import Any

from zoo.errors import ZooError
from zoo.serve.worker_process import Reply, StoppedError, WorkerProcess, WorkerSource

MAX_WORKERS = 4
# Within this time every training of a worker should get its turn, …
_ROUND_SECONDS = 0.3
# … in which it makes updates for this long.
_MIN_SECONDS, _MAX_SECONDS = 0.004, 0.1
# A worker whose memory has grown by this much is replaced.
GROWN_BYTES = 500 * 2**20
_MAX_TRIES = 3
_LOG = logging.getLogger("zoo.serve")


class WorkerStoppedError(ZooError):
    """A message stopped every worker that it was sent to."""


class Seat:
    """The worker that a training prefers, because it has the compiled graphs.

    Args:
        key: equal for trainings that share graphs.
    """

    def __init__(self, key: Hashable):
        self.key = key
        self.slot: _Slot | None = None


class Scheduler:
    """Sends messages to worker processes, which are started when they are needed.

    Every worker has a queue, in which a training has one message at a time. A worker without
    messages takes one from a long queue, so all are at work while there is work. A worker that
    stops is replaced and its message is sent again: workers keep nothing that matters.

    Args:
        workers: the largest number of processes; by default one per core, at most `MAX_WORKERS`.
        grown_bytes: growth of a worker's memory after which it is replaced.
    """

    def __init__(self, workers: int | None = None, grown_bytes: int = GROWN_BYTES):
        count = workers or min(_cores(), MAX_WORKERS)
        self._slots = [_Slot() for _ in range(count)]
        self._grown_bytes = grown_bytes
        self._source = WorkerSource()
        self._tasks: set[asyncio.Task] = set()
        # Processes that are being ended, which takes a moment.
        self._endings: set[asyncio.Task] = set()

    @property
    def workers(self) -> int:
        """The largest number of processes."""
        return len(self._slots)

    @property
    def identifiers(self) -> list[int]:
        """The numbers of the processes that are ready."""
        return [slot.process.identifier for slot in self._slots if slot.process]

    def take_seat(self, key: Hashable) -> Seat:
        """Return a seat for a training, to be given back with `leave_seat`."""
        seat = Seat(key)
        fewest = min(slot.taken for slot in self._slots)
        near = [slot for slot in self._slots if slot.taken <= fewest + fewest // 4]
        self._move(seat, min(near, key=lambda slot: (key not in slot.keys, slot.taken)))
        return seat

    def leave_seat(self, seat: Seat) -> None:
        """Give a seat back."""
        if seat.slot:
            seat.slot.keys -= Counter([seat.key])
            seat.slot = None

    async def run(self, seat: Seat, header: dict[str, Any], state: bytes = b"") -> Reply:
        """Send a message to a worker when it is its turn, and return the reply.

        Args:
            seat: of the training.
            header, state: as in `zoo.serve.worker`, without "seconds", which depends on how many
                others wait.

        Raises:
            WorkerStoppedError: if several workers stopped at this message.
            ZooError: if no worker can be started, or it reports an error.
        """
        least = min(self._slots, key=lambda slot: slot.taken)
        if seat.slot is None or seat.slot.taken > least.taken + 1 + least.taken // 2:
            self._move(seat, least)
        assert seat.slot is not None
        job = _Job(seat, header, state)
        seat.slot.queue.append(job)
        self._dispatch()
        reply = await job.reply
        if "error" in reply.header:
            raise ZooError(reply.header["error"])
        return reply

    async def close(self) -> None:
        """End all processes; they are started again when they are needed."""
        processes = []
        # Without waiting in between: a training may be started while these processes end.
        for slot in self._slots:
            processes += [process for process in (slot.process, slot.successor) if process]
            slot.process = slot.successor = None
            slot.fail(ZooError("The training processes are being ended; start again."))
        ending = list(self._tasks)
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, *self._endings, return_exceptions=True)
        for process in processes:
            await process.close()
        self._source.close()

    def _move(self, seat: Seat, slot: _Slot) -> None:
        self.leave_seat(seat)
        seat.slot = slot
        slot.keys[seat.key] += 1

    def _dispatch(self) -> None:
        for slot in self._slots:
            if slot.queue and slot.process is None and not slot.is_starting:
                slot.is_starting = True
                _spawn(self._start(slot), self._tasks)
            while slot.process and not slot.is_busy and (job := self._next(slot)):
                # Who asked may be gone.
                if not job.reply.done():
                    slot.is_busy = True
                    _spawn(self._serve(slot, slot.process, job), self._tasks)

    def _next(self, slot: _Slot) -> _Job | None:
        if slot.queue:
            return slot.queue.popleft()
        longest = max(self._slots, key=lambda other: len(other.queue))
        if longest.process is None and longest.queue:
            # It is only starting.
            return longest.queue.popleft()
        if len(longest.queue) < 2:
            return None
        job = longest.queue.popleft()
        if job.seat.slot:
            self._move(job.seat, slot)
        return job

    async def _serve(self, slot: _Slot, process: WorkerProcess, job: _Job) -> None:
        header = job.header
        if header["do"] == "advance":
            share = _ROUND_SECONDS / (len(slot.queue) + 1) - slot.overhead_seconds
            seconds = min(max(share, _MIN_SECONDS), _MAX_SECONDS)
            header = {**header, "seconds": seconds}
        clock = asyncio.get_running_loop().time
        started = clock()
        try:
            reply = await process.ask(header, job.state)
        except StoppedError as error:
            await self._replace_stopped(slot, process, job, error)
        except asyncio.CancelledError:
            job.fail(ZooError("The training processes are being ended; start again."))
            raise
        else:
            overhead = clock() - started - reply.header.get("seconds", 0.0)
            slot.overhead_seconds += 0.1 * (overhead - slot.overhead_seconds)
            if not job.reply.done():
                job.reply.set_result(reply)
            self._replace_grown(slot, process, reply.header["bytes"])
        finally:
            slot.is_busy = False
            self._dispatch()

    async def _replace_stopped(
        self, slot: _Slot, process: WorkerProcess, job: _Job, error: StoppedError
    ) -> None:
        slot.process, slot.successor = slot.successor, None
        await process.close()
        _LOG.error("A worker stopped unexpectedly (%s): %s", error, self._source.last_lines())
        job.tries += 1
        if job.tries < _MAX_TRIES:
            slot.queue.appendleft(job)
        else:
            job.fail(
                WorkerStoppedError(
                    "The training process stopped unexpectedly, and so did its replacement; "
                    "choose other settings."
                )
            )

    def _replace_grown(self, slot: _Slot, process: WorkerProcess, size: int) -> None:
        if slot.successor:
            slot.process, slot.successor = slot.successor, None
            _spawn(process.close(), self._endings)
        # One at a time: both need memory meanwhile.
        elif size > process.bytes + self._grown_bytes and not any(
            other.is_starting for other in self._slots
        ):
            slot.is_starting = True
            _spawn(self._start(slot), self._tasks)

    async def _start(self, slot: _Slot) -> None:
        try:
            process = await self._source.create()
        except ZooError as error:
            slot.fail(error)
        else:
            if slot.process:
                slot.successor = process
            else:
                slot.process = process
        finally:
            slot.is_starting = False
            self._dispatch()


def _spawn(work: Coroutine, tasks: set[asyncio.Task]) -> None:
    """Begin a task, which is in the set until it ends: one that nothing refers to may be lost."""
    task = asyncio.ensure_future(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Slot:
    """The place of one worker process, which may be replaced."""

    def __init__(self):
        self.process: WorkerProcess | None = None
        self.successor: WorkerProcess | None = None
        self.is_starting = False
        self.is_busy = False
        self.queue: deque[_Job] = deque()
        self.keys: Counter[Hashable] = Counter()
        # Of one message, besides making updates.
        self.overhead_seconds = 0.005

    @property
    def taken(self) -> int:
        return self.keys.total()

    def fail(self, error: ZooError) -> None:
        while self.queue:
            self.queue.popleft().fail(error)


class _Job:
    def __init__(self, seat: Seat, header: dict[str, Any], state: bytes):
        self.seat = seat
        self.header = header
        self.state = state
        self.tries = 0
        self.reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()

    def fail(self, error: ZooError) -> None:
        # Who asked may be gone.
        if not self.reply.done():
            self.reply.set_exception(error)

"""Workers that die or grow are replaced, and their trainings go on as if nothing had happened."""

import asyncio
import contextlib
import json
import os
import signal

import pytest
from test_idle_workers import settings, token_of
from test_playground import training_processes

from zoo.serve.scheduler import Scheduler, WorkerStoppedError
from zoo.serve.sessions import Sessions

PAGES, UPDATES, KILLS = 10, 600, 3
MIXED = [
    settings(data=data, widths=widths, activations=["tanh"] * len(widths), seed=seed)
    for seed, (data, widths) in enumerate(
        [("circle", [4, 2]), ("spiral", [8]), ("xor_clouds", [])] * 4
    )
][:PAGES]


async def train(sessions, token, until, done):
    """Make updates as a page does, and note after each frame how many were made."""
    made = 0
    while made < until:
        made = json.loads(await sessions.step(token, min(25, until - made)))["updates"]
        done[token] = made


async def states(sessions, kill=None):
    """The states of ten trainings that run at the same time."""
    frames = await asyncio.gather(*(sessions.start(one) for one in MIXED))
    tokens = [token_of(frame) for frame in frames]
    done = dict.fromkeys(tokens, 0)
    trainings = [train(sessions, token, UPDATES, done) for token in tokens]
    await asyncio.gather(*trainings, *([kill(done)] if kill else []))
    return [(await sessions.snapshot(token)).state for token in tokens]


@pytest.mark.timeout(900)
def test_ten_trainings_go_on_to_the_same_bits_when_workers_are_killed(caplog):
    scheduler = Scheduler(workers=2)
    killed = []

    async def kill(done):
        """Kill a worker in the middle of the trainings, three times."""
        for turn in range(KILLS):
            reached = UPDATES * (turn + 1) // (KILLS + 2)
            while sum(done.values()) < PAGES * reached or not scheduler.identifiers:
                await asyncio.sleep(0.01)
            killed.append(scheduler.identifiers[turn % len(scheduler.identifiers)])
            os.kill(killed[-1], signal.SIGKILL)

    async def both():
        sessions = Sessions(scheduler)
        try:
            undisturbed = await states(sessions)
            before = scheduler.identifiers
            disturbed = await states(sessions, kill)
            return undisturbed, disturbed, before, scheduler.identifiers
        finally:
            await sessions.close()

    undisturbed, disturbed, before, after = asyncio.run(both())
    assert len(set(killed)) == KILLS
    assert set(before) - set(after)
    assert "stopped unexpectedly" in caplog.text
    assert disturbed == undisturbed
    assert len(set(disturbed)) == PAGES


def test_a_worker_that_grows_is_replaced_without_a_pause():
    # Building the first model takes more memory than this.
    scheduler = Scheduler(workers=1, grown_bytes=2**20)

    async def trained():
        sessions = Sessions(scheduler)
        try:
            token = token_of(await sessions.start(MIXED[0]))
            (first,) = scheduler.identifiers
            for _ in range(2000):
                await sessions.step(token, 5)
                if scheduler.identifiers != [first]:
                    break
                await asyncio.sleep(0.02)
            (second,) = scheduler.identifiers
            made = json.loads(await sessions.step(token, 1))["updates"]
            state = (await sessions.snapshot(token)).state
            other = token_of(await sessions.start(MIXED[0]))
            while (left := made - json.loads(await sessions.step(other, 0))["updates"]) > 0:
                await sessions.step(other, min(left, 500))
            return first, second, state, (await sessions.snapshot(other)).state
        finally:
            await sessions.close()

    first, second, state, again = asyncio.run(trained())
    assert first != second
    assert state == again


def test_a_message_that_stops_every_worker_is_told_and_the_training_stays():
    scheduler = Scheduler(workers=1)

    async def kill_all():
        while True:
            for process in scheduler.identifiers:
                # The last signal may have ended it by now.
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            await asyncio.sleep(0.01)

    async def make_updates(sessions, token):
        # A worker that is ready may be faster than its end.
        for _ in range(100):
            await sessions.step(token, 1)

    async def trained():
        sessions = Sessions(scheduler)
        try:
            token = token_of(await sessions.start(MIXED[0]))
            killing = asyncio.create_task(kill_all())
            with pytest.raises(WorkerStoppedError, match="choose other settings"):
                await make_updates(sessions, token)
            killing.cancel()
            made = (await sessions.snapshot(token)).updates
            return made, json.loads(await sessions.step(token, 1))["updates"]
        finally:
            await sessions.close()

    before, after = asyncio.run(trained())
    assert after == before + 1


def test_all_processes_may_end_at_once():
    scheduler = Scheduler(workers=1)

    async def trained():
        sessions = Sessions(scheduler)
        try:
            before = training_processes()
            token = token_of(await sessions.start(MIXED[0]))
            await sessions.step(token, 1)
            ended = training_processes() - before
            for process in ended:
                os.kill(process, signal.SIGKILL)
            # Until the system has told it.
            await asyncio.sleep(0.2)
            after = json.loads(await sessions.step(token, 1))["updates"]
            return ended, training_processes() - before, after
        finally:
            await sessions.close()

    ended, started, after = asyncio.run(trained())
    assert (len(ended), len(started), after) == (2, 2, 2)
    assert not ended & started

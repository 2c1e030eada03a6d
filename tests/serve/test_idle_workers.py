"""Places and processes of pages that are gone become free."""

import asyncio
import json
import os
from pathlib import Path

import psutil
import pytest
from playground_settings import SETTINGS
from test_playground import training_processes

from zoo.serve.scheduler import Scheduler
from zoo.serve.sessions import RoomFullError, Sessions, TrainingEndedError
from zoo.serve.settings import PlaneSettings

IDLE = 2.0


def settings(**changes):
    return PlaneSettings.model_validate_json(json.dumps({**SETTINGS, **changes}))


def test_a_page_that_is_gone_frees_its_place_and_the_last_one_the_processes():
    async def used_and_left():
        scheduler = Scheduler(workers=1)
        sessions = Sessions(scheduler, places=2, idle_seconds=IDLE)
        watch = asyncio.create_task(sessions.end_idle())
        try:
            before = training_processes()
            kept, left = [token_of(await sessions.start(settings(seed=seed))) for seed in (0, 1)]
            # One imports TensorFlow, from which the worker is forked.
            processes = training_processes() - before
            assert len(processes) == 2
            for process in processes:
                environment = Path(f"/proc/{process}/environ").read_bytes()
                assert b"CUDA_VISIBLE_DEVICES=-1" in environment
                assert os.getpriority(os.PRIO_PROCESS, process) > 0
            (server,) = processes - set(scheduler.identifiers)
            # A process with more threads must not be forked.
            assert psutil.Process(server).num_threads() == 1
            with pytest.raises(RoomFullError, match=r"all 2 places .* 2 seconds"):
                await sessions.start(settings())
            # A training may be replaced when the room is full; one of both messages replaces it.
            found = await asyncio.gather(
                *(sessions.start(settings(seed=2), kept) for _ in range(2)),
                return_exceptions=True,
            )
            (frame,) = (answer for answer in found if isinstance(answer, bytes))
            assert sum(isinstance(answer, RoomFullError) for answer in found) == 1
            kept = token_of(frame)
            # A message that makes no updates is enough to keep it.
            for _ in range(6):
                await asyncio.sleep(IDLE / 3)
                sessions.keep_alive(kept)
            assert len(sessions) == 1
            with pytest.raises(TrainingEndedError, match="start it again"):
                await sessions.step(left, 1)
            assert processes <= training_processes()
            for _ in range(100):
                await asyncio.sleep(IDLE / 4)
                if not processes & training_processes():
                    break
            assert not processes & training_processes()
            with pytest.raises(TrainingEndedError, match="start it again"):
                await sessions.step(kept, 1)
            assert json.loads(await sessions.start(settings()))["updates"] == 0
        finally:
            watch.cancel()
            await sessions.close()
        # Those of another test's server may have ended, too.
        assert training_processes() <= before

    asyncio.run(used_and_left())


def token_of(frame):
    return json.loads(frame)["training"]

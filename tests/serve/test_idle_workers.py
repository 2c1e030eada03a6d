"""Idle worker processes are ended."""

import asyncio

import pytest
from playground_settings import SETTINGS
from test_playground import workers
from zoo.serve.worker_pool import PoolFullError, TrainingEndedError, WorkerPool

from zoo.serve.messages import read_settings

IDLE = 2.0


def test_an_idle_worker_is_ended_and_another_can_start():
    async def used_and_left():
        pool = WorkerPool(max_workers=1, idle_seconds=IDLE)
        watch = asyncio.create_task(pool.end_idle())
        try:
            before = workers()
            found = await pool.start(None, read_settings(SETTINGS))
            (process,) = workers() - before
            with pytest.raises(PoolFullError, match="2 seconds"):
                await pool.start(None, read_settings(SETTINGS))
            # A message with 0 updates is enough to keep it.
            for _ in range(4):
                await asyncio.sleep(IDLE / 2)
                found = await pool.step(found["token"], found["training"], 0)
            assert found["updates"] == 0
            assert process in workers()
            for _ in range(100):
                await asyncio.sleep(IDLE / 4)
                if process not in workers():
                    break
            assert process not in workers()
            with pytest.raises(TrainingEndedError, match="start it again"):
                await pool.step(found["token"], found["training"], 1)
            again = await pool.start(found["token"], read_settings(SETTINGS))
            assert again["token"] != found["token"]
        finally:
            watch.cancel()
            await pool.close()

    asyncio.run(used_and_left())

"""Worker processes are ended when nobody watches."""

import asyncio

import pytest
from playground_settings import SETTINGS
from test_playground import workers

from zoo.serve.messages import read_settings
from zoo.serve.worker_pool import BusyError, EndedError, Workers

SILENT = 2.0


def test_a_worker_that_nobody_watches_ends_and_its_place_is_free():
    async def watched_and_left():
        lent = Workers(most=1, silent_seconds=SILENT)
        watch = asyncio.create_task(lent.end_unwatched())
        try:
            before = workers()
            found = await lent.start(None, read_settings(SETTINGS))
            (process,) = workers() - before
            with pytest.raises(BusyError, match="2 seconds"):
                await lent.start(None, read_settings(SETTINGS))
            # Looking is enough to keep it.
            for _ in range(4):
                await asyncio.sleep(SILENT / 2)
                found = await lent.step(found["token"], found["training"], 0)
            assert found["updates"] == 0
            assert process in workers()
            for _ in range(100):
                await asyncio.sleep(SILENT / 4)
                if process not in workers():
                    break
            assert process not in workers()
            with pytest.raises(EndedError, match="start it again"):
                await lent.step(found["token"], found["training"], 1)
            again = await lent.start(found["token"], read_settings(SETTINGS))
            assert again["token"] != found["token"]
        finally:
            watch.cancel()
            await lent.close()

    asyncio.run(watched_and_left())

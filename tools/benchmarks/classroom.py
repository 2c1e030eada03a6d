"""A class at the page of `zoo serve`: many pages that train at once, and photos beside them.

The pages are HTTP clients in one process of their own, on the same machine as the server; each
asks for the next frame as soon as it has the last one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import numpy as np
import psutil
from PIL import Image

PAGES, CROWD = 50, 200
# What a page asks for at a time.
_UPDATES = 50
_SECONDS = 20
# Between two messages of a page that was told that the room is full, and between two photos.
_PAUSE_SECONDS = 2.0
_PHOTO_SECONDS = 0.5
_WIDTHS = (4, 8, 16, 32)
_ACTIVATIONS = ("tanh", "relu", "sigmoid", "elu", "swish", "leaky_relu", "softplus")
_DATA = ("circle", "clouds", "xor_clouds", "spiral")
_MADE = re.compile(rb'"updates":(\d+)}$')

EXPLANATION = (
    "Pages that train at the same time: HTTP clients in a process of their own on the same "
    "machine, each with another network of the plane (1 to 4 hidden layers of 4 to 32 units), "
    f"asking for {_UPDATES} updates at a time, as fast as they are answered; beside them a photo "
    f"of 375 × 500 pixels every {_PHOTO_SECONDS:g} seconds. Frames and updates: over "
    f"{_SECONDS} seconds, after every page has had five frames. Memory: proportional set size of "
    "the server and all its processes, the largest of one per second. Processor time: of the same "
    "processes."
)


def settings(number: int) -> dict:
    """Return what page `number` trains; the networks of 50 pages are different."""
    generator = np.random.default_rng(number)
    depth = 1 + number % 4
    widths = generator.choice(_WIDTHS, depth).tolist()
    if number % 10 == 3:
        widths = [32] * 4
    return {
        "kind": "plane",
        "data": _DATA[number % len(_DATA)],
        "noise": 0.1,
        "widths": widths,
        "activations": [_ACTIVATIONS[number % len(_ACTIVATIONS)]] * len(widths),
        "seed": number,
    }


def measure(say) -> list[dict]:
    """Return a row with 1 page, one with `PAGES` and one with `CROWD` pages."""
    from benchmarks.live_page import served

    rows = []
    for pages in (1, PAGES, CROWD):
        with served() as address:
            server = _server()
            words = (sys.executable, str(Path(__file__)), address, str(pages))
            clients = subprocess.Popen(words, stdout=subprocess.PIPE, encoding="utf-8")
            memory, seconds = [], [_processor_seconds(server)]
            while clients.poll() is None:
                memory.append(_memory(server))
                time.sleep(1)
                seconds.append(_processor_seconds(server))
            found = json.load(clients.stdout)
            frames = found.pop("frames") / _SECONDS
            # The clients end when they have counted frames for as long.
            used = (seconds[-2] - seconds[-2 - _SECONDS // 2]) / (_SECONDS // 2)
            found["processor time per frame, ms"] = 1e3 * used / frames
            rows.append({**found, "megabytes": max(memory) / 1e6, "processes": len(_all(server))})
            say(rows[-1])
    return rows


def turned(rows: list[dict]) -> list[dict]:
    """Return a row per figure, with a column per number of pages."""
    return [
        {"": name, **{_counted(row["pages"]): row[name] for row in rows}}
        for name in list(rows[0])[1:]
    ]


def _counted(pages: int) -> str:
    return "1 page" if pages == 1 else f"{pages} pages"


def _server() -> psutil.Process:
    """Return the server that this process has started."""
    (server,) = (child for child in psutil.Process().children() if "serve" in child.cmdline())
    return server


def _all(server: psutil.Process) -> list[psutil.Process]:
    return [server, *server.children(recursive=True)]


def _memory(server: psutil.Process) -> int:
    total = 0
    for process in _all(server):
        # It may have ended meanwhile.
        with contextlib.suppress(psutil.Error):
            total += process.memory_full_info().pss
    return total


def _processor_seconds(server: psutil.Process) -> float:
    total = 0.0
    for process in _all(server):
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system
    return total


class _Connection:
    """One connection that is kept open, as a browser's."""

    def __init__(self, address: str):
        place = urlsplit(address)
        self._host, self._port = place.hostname, place.port
        self._writer = None

    async def post(self, path: str, content: bytes, kind: str) -> tuple[int, bytes]:
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(content)}\r\n\r\n"
        )
        self._writer.write(head.encode() + content)
        answer = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        body = await self._reader.readexactly(int(re.search(rb"content-length: (\d+)", answer)[1]))
        if b"connection: close" in answer:
            self._writer.close()
            self._writer = None
        return int(answer.split()[1]), body


@dataclass
class _Page:
    """What one page has seen."""

    number: int
    frames: list[tuple[float, int]] = field(default_factory=list)
    refusals: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    async def train(self, address: str) -> None:
        connection = _Connection(address)

        async def send(what, **message):
            path, content = f"/api/playground/{what}", json.dumps(message).encode()
            return await connection.post(path, content, "application/json")

        while True:
            asked = time.perf_counter()
            status, body = await send("start", settings=settings(self.number))
            if status == 200:
                break
            if status != 503:
                self.failures.append(body.decode())
                return
            self.refusals.append(time.perf_counter() - asked)
            await asyncio.sleep(_PAUSE_SECONDS)
        token = json.loads(body)["training"]
        while True:
            status, body = await send("step", training=token, updates=_UPDATES)
            if status != 200:
                self.failures.append(body.decode())
                return
            self.frames.append((time.perf_counter(), int(_MADE.search(body[-40:])[1])))

    def between(self, begin: float, end: float) -> tuple[float, list[int]]:
        """Return frames per second, and the updates of each of them."""
        made = [updates for at, updates in self.frames if begin <= at < end]
        return len(made) / (end - begin), np.diff(made).tolist()


async def _send_photos(address: str, latencies: list[float]) -> None:
    content = BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (375, 500, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(content, "JPEG")
    connection = _Connection(address)
    while True:
        asked = time.perf_counter()
        status, body = await connection.post(
            "/api/predict?model=linear_cat_dog", content.getvalue(), "image/jpeg"
        )
        if status != 200:
            raise RuntimeError(body.decode())
        latencies.append(time.perf_counter() - asked)
        await asyncio.sleep(_PHOTO_SECONDS)


async def _attend(address: str, count: int) -> dict:
    """Open pages one shortly after the other, and return what they have seen."""
    pages, photos = [_Page(number) for number in range(count)], []
    started, tasks = time.perf_counter(), []
    for page in pages:
        tasks.append(asyncio.create_task(page.train(address)))
        await asyncio.sleep(0.02)
    while not all(len(page.frames) >= 5 or page.refusals for page in pages):
        await asyncio.sleep(0.1)
        if failures := [page.failures for page in pages if page.failures]:
            raise RuntimeError(f"{failures[0]}")
    ready = time.perf_counter()
    tasks.append(asyncio.create_task(_send_photos(address, photos)))
    await asyncio.sleep(_SECONDS)
    end = time.perf_counter()
    for task in tasks:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    errors = [one for one in ended if isinstance(one, Exception)]
    if errors or any(page.failures for page in pages):
        raise RuntimeError(f"{errors} {[page.failures for page in pages if page.failures]}")
    return _row(pages, photos, ready - started, ready, end)


def _row(
    pages: Sequence[_Page], photos: list[float], starting: float, begin: float, end: float
) -> dict:
    seen = [page.between(begin, end) for page in pages if page.frames]
    rates = [rate for rate, _ in seen]
    updates = [made for _, frames in seen for made in frames]
    refusals = [seconds for page in pages for seconds in page.refusals]
    return {
        "pages": len(pages),
        "training": len(seen),
        "refused": sum(bool(page.refusals) for page in pages),
        "slowest refusal, ms": 1e3 * max(refusals) if refusals else None,
        "until all train, s": starting,
        "frames/s, slowest page": min(rates),
        "frames/s, fastest page": max(rates),
        "updates per frame, median": median(updates),
        "updates per frame, fewest": min(updates),
        "frames": len(updates),
        "photo, median ms": 1e3 * median(photos),
        "photo, slowest ms": 1e3 * max(photos),
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_attend(sys.argv[1], int(sys.argv[2])))))

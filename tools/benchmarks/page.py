"""Latency of the page of `zoo serve`: start, first paint, predictions."""

from __future__ import annotations

import json
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from statistics import median

import numpy as np
from PIL import Image

from benchmarks.live_page import CHROMIUM, chromium, served

_CLIENTS = 50
_PAINT = """() => new Promise((resolve) => new PerformanceObserver((list) => {
    for (const entry of list.getEntriesByName("first-contentful-paint")) resolve(entry.startTime);
}).observe({ type: "paint", buffered: true }))"""


def measure(rounds: int, say) -> list[dict]:
    """Return a row per latency, in milliseconds: median and worst over the rounds."""
    content = BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (375, 500, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(content, "JPEG")
    photo = content.getvalue()
    found: dict[str, list[float]] = {}
    for _ in range(rounds):
        started = time.perf_counter()
        with served() as address:
            urllib.request.urlopen(address).close()
            ready = 1e3 * (time.perf_counter() - started)
            found.setdefault("from the command to the first answer of the page", []).append(ready)
            found.setdefault("first photo, in the server", []).append(_predict(address, photo))
            later = [_predict(address, photo) for _ in range(20)]
            found.setdefault("later photos, in the server", []).extend(later)
            started = time.perf_counter()
            with ThreadPoolExecutor(_CLIENTS) as clients:
                list(clients.map(lambda _: _predict(address, photo), range(_CLIENTS)))
            at_once = 1e3 * (time.perf_counter() - started)
            found.setdefault(f"{_CLIENTS} clients at once, until all are answered", []).append(
                at_once
            )
    found["first contentful paint in Chromium, a page just served"] = _paints(rounds)
    rows = [
        {"what": what, "median": median(times), "worst": max(times)}
        for what, times in found.items()
        if times
    ]
    for row in rows:
        say(row)
    return rows


def _predict(address: str, photo: bytes) -> float:
    with urllib.request.urlopen(f"{address}api/predict?model=linear_cat_dog", photo) as response:
        return 1e3 * json.load(response)["server_seconds"]


def _paints(rounds: int) -> list[float]:
    """Return an empty list if Chromium is not installed."""
    if CHROMIUM is None:
        return []
    paints = []
    with chromium() as browser:
        for _ in range(rounds):
            with served() as address:
                urllib.request.urlopen(address).close()
                page = browser.new_page()
                page.goto(address)
                paints.append(page.evaluate(_PAINT))
                page.close()
    return paints

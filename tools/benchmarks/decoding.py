"""Decoding photos: with one core, with all cores, and at half the size."""

from __future__ import annotations

import io
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

_COPIES = 4
# The largest acceptable change of a half-size decoder: one gray level of the 64 × 64 result.
_ALLOWED = 1.0


def measure(folder: Path, rounds: int, say) -> list[dict]:
    """Return a row per method: photos per second, and the change of the features."""
    from zoo.utils.quiet import import_tensorflow

    import_tensorflow()
    import numpy as np

    from zoo import edge
    from zoo.nn.preprocessing import image_preprocessing

    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
    encoded = [path.read_bytes() for path in files] * _COPIES
    cores = os.cpu_count()

    def both(photos):
        with ThreadPoolExecutor(cores) as pool:
            return list(pool.map(edge.decode, photos))

    ways = {
        "1 core": lambda photos: [edge.decode(photo) for photo in photos],
        f"{cores} cores, as in a first run": both,
        "1 core, JPEG at half the size": lambda photos: [_half(photo) for photo in photos],
    }
    seconds = {way: [] for way in ways}
    pixels = {}
    for _ in range(rounds):
        for way, decode in ways.items():
            started = time.perf_counter()
            pixels[way] = decode(encoded)
            seconds[way].append(time.perf_counter() - started)
    features = image_preprocessing(64, True, scale=1.0, offset=0.0)
    full, _, half = (pixels[way] for way in ways)
    differences = [
        float(np.abs(features(a[None]) - features(b[None])).max())
        for a, b in zip(full, half, strict=True)
    ]
    table = [
        {
            "way": way,
            "photos": len(encoded),
            "photos_per_second": len(encoded) / median(seconds[way]),
            "largest_change_median": None,
            "share_within_1": None,
        }
        for way in ways
    ]
    table[-1]["largest_change_median"] = median(differences)
    table[-1]["share_within_1"] = float(np.mean(np.array(differences) <= _ALLOWED))
    for row in table:
        say(row)
    return table


def _half(encoded: bytes):
    import numpy as np
    from PIL import Image

    image = Image.open(io.BytesIO(encoded))
    image.draft("RGB", (image.width // 2, image.height // 2))
    return np.asarray(image.convert("RGB"))

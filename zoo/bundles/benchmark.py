"""How fast a bundle answers on this machine, in the manner of MLPerf Tiny.

One example at a time, after a warm-up; the median of many and the slow end. Loading and peak
memory are those of a fresh process for each artifact and number of threads. Works on a board.
"""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from zoo import edge
from zoo.errors import ZooError
from zoo.utils.processes import run_python

WARM_UP = 20
REPEATS = 200
PHOTO_SIZE = (480, 640)
_PERCENTILES = {"median": 50, "p90": 90, "p99": 99}


def benchmark(
    bundle: str | Path,
    artifacts: Sequence[str],
    threads: Sequence[int] = (1,),
    *,
    repeats: int = REPEATS,
    photo: Path | None = None,
) -> list[dict[str, Any]]:
    """Measure artifacts of a bundle, each in processes of its own, one after the other.

    Args:
        bundle: the bundle's folder.
        artifacts: names of `.tflite` artifacts.
        threads: of the interpreter; every artifact is measured with each.
        repeats: answers to time, at least 10.
        photo: a file to ask an image model about; a drawn one of 480 × 640 by default.

    Returns:
        A row for each artifact and number of threads, times in milliseconds: "load" (from the
        start of loading to a model that is ready), "decode" (a photo's file to pixels) and
        "inference" as median, p90 and p99; "peak_memory" of the process in MB.

    Raises:
        ZooError: for too few repeats, or if a process fails; the message is its own.
        edge.InputError: if the photo cannot be read.
    """
    if repeats < 10:
        raise ZooError(f"The number of repeats is {repeats}; give 10 or more.")
    if photo is not None:
        edge.decode(photo)
    rows = []
    for artifact in artifacts:
        for count in threads:
            words = [str(bundle), artifact, str(count), str(repeats), str(photo or "")]
            done = run_python("-m", "zoo.bundles.benchmark", *words)
            if done.returncode:
                reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
                raise ZooError(f"{artifact} with {count} thread{'s' * (count != 1)}: {reason}")
            rows.append(json.loads(done.stdout))
    return rows


def measure(bundle: Path, artifact: str, threads: int, repeats: int, photo: str) -> dict[str, Any]:
    """Return one row of `benchmark`, measured in this process."""
    started = time.perf_counter()
    model = edge.load(bundle, artifact, threads)
    loaded = time.perf_counter() - started
    decode = {}
    if model.manifest["input"]["kind"] == "image":
        encoded = Path(photo).read_bytes() if photo else _drawn_photo()
        example = edge.decode(encoded)
        decode = _timed(lambda: edge.decode(encoded), repeats)
    else:
        example = np.zeros(model.manifest["input"]["shape"][1], np.float32)
    return {
        "artifact": artifact,
        "threads": threads,
        "load": 1e3 * loaded,
        "decode": decode,
        "inference": _timed(lambda: model.predict(example), repeats),
        "peak_memory": _peak_memory(),
    }


def _peak_memory() -> float:
    """Return the most memory that this process has held, in MB."""
    status = Path("/proc/self/status")
    if status.is_file():
        # Linux's getrusage counts the memory of the program that started this one too.
        fields = dict(
            line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines()
        )
        return int(fields["VmHWM"].split()[0]) * 1024 / 1e6
    try:
        import resource
    except ImportError:
        # Windows has none.
        import psutil

        return psutil.Process().memory_info().peak_wset / 1e6
    # macOS counts in bytes.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def _timed(call: Callable[[], object], repeats: int) -> dict[str, float]:
    for _ in range(WARM_UP):
        call()
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return {name: 1e3 * float(np.percentile(seconds, at)) for name, at in _PERCENTILES.items()}


def _drawn_photo() -> bytes:
    rows, columns = np.mgrid[: PHOTO_SIZE[0], : PHOTO_SIZE[1]]
    pixels = np.stack([rows % 256, columns % 256, (rows + columns) % 256], axis=-1)
    stream = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(stream, "JPEG", quality=90)
    return stream.getvalue()


if __name__ == "__main__":
    try:
        _bundle, _artifact, _threads, _repeats, _photo = sys.argv[1:]
        with edge.quiet_stderr():
            _row = measure(Path(_bundle), _artifact, int(_threads), int(_repeats), _photo)
    except edge.BundleError as _error:
        sys.exit(str(_error))
    print(json.dumps(_row))

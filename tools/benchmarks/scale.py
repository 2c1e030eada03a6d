"""A training on as many images and classes as ImageNet's, streamed from disk.

The images are generated: 32 × 32, one pattern per class and noise per image. Every training runs in
a process of its own, so that its memory is its own.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

IMAGENET = (1_281_167, 1_000)
IMAGENET_21K = (14_197_122, 21_841)
SIDE = 32
BATCH = 128
EXPLANATION = (
    "`zoo train deep_relu` on generated images of 32 × 32, one epoch in batches of 128. "
    "first_load: seconds in which the .npz file is written to the "
    "cache, once. first_step: seconds from the start of the process to its first step, on a warm "
    "cache. peak_memory: of the process, mapped pages of the file included, in MB. weights: a hash."
)
_SHAPE = (SIDE, SIDE, 3)
_BLOCK = 1_000
# Of a training, before its speed is measured.
_WARM_UP = 0.02
_SPLITS = {"train": 1.0, "validation": 0.04, "test": 0.04}


def measure(
    examples: int, classes: int, say: Callable[[dict], None], folder: Path | None = None
) -> list[dict]:
    """Return a row per training, streamed and in memory, of all examples and of an eighth.

    Args:
        examples: images to train on; another 4 % are validation and another 4 % test data.
        classes: number of classes.
        say: called with every row.
        folder: for files of about twice the size of the images; by default a temporary one.
    """
    rows = []
    with tempfile.TemporaryDirectory(dir=folder, prefix="zoo-scale-") as name:
        work = Path(name)
        for count in (examples // 8, examples):
            file = work / f"{count}.npz"
            write(file, count, classes)
            loaded = _run(work, "load", file)
            for source in ("memory", "stream"):
                run = work / f"{count}-{source}"
                row = {"training": source, **_run(work, "train", file, source, run)}
                rows.append({**row, "first_load": loaded["seconds"]})
                say(rows[-1])
        rows.append(_killed(work, file, rows[-1]))
        say(rows[-1])
    return rows


def compared(rows: list[dict]) -> list[str]:
    """Return sentences that compare the rows of `measure`."""
    (_, small), (memory, stream), killed = rows[:2], rows[2:4], rows[4]
    peak = stream["peak_memory"] / small["peak_memory"]
    speed = stream["examples_per_second"] / memory["examples_per_second"]
    same = killed["weights"] == stream["weights"] == memory["weights"]
    return [
        f"Memory: streaming all examples takes {peak:.2f} times what an eighth of them takes.",
        f"Speed: streaming is {speed:.2f} times as fast as training in memory.",
        f"Start: {stream['first_step']:.1f} s to the first step.",
        f"SIGKILL after the second checkpoint, resumed at step {killed['resumed_at']:,}: the "
        f"weights are {'equal bit by bit to' if same else 'DIFFERENT from'} those of the trainings "
        "that were not killed, in memory and streamed.",
    ]


def arithmetic(rows: list[dict], width: int = 512) -> list[str]:
    """Return the lines of a table: what all of ImageNet needs, from the figures of `measure`."""
    stream = rows[3]
    measured = (stream["examples"], stream["classes"])
    lines = ["| | measured | computed |", "|---|---|---|"]
    columns = [_needs(*size, width) for size in (measured, IMAGENET_21K)]
    seconds = [size[0] / stream["examples_per_second"] for size in (measured, IMAGENET_21K)]
    factor = columns[1]["multiplications"] / columns[0]["multiplications"]
    texts = {
        "images": [f"{size[0]:,}" for size in (measured, IMAGENET_21K)],
        "classes": [f"{size[1]:,}" for size in (measured, IMAGENET_21K)],
        "bytes on disk, GB": [f"{of['disk'] / 1e9:.1f}" for of in columns],
        "labels in memory, int64, MB": [f"{of['labels'] / 1e6:.0f}" for of in columns],
        "order of an epoch, int32, MB": [f"{of['order'] / 1e6:.0f}" for of in columns],
        "… while it is drawn, int64, MB": [f"{2 * of['order'] / 1e6:.0f}" for of in columns],
        "weights of the last layer, MB": [f"{of['last'] / 1e6:.1f}" for of in columns],
        "… with AdamW's two moments and a gradient, MB": [
            f"{4 * of['last'] / 1e6:.0f}" for of in columns
        ],
        "multiplications per example, forwards, million": [
            f"{of['multiplications'] / 1e6:.1f}" for of in columns
        ],
        "minutes per epoch, at the measured examples/s": [f"{of / 60:.1f}" for of in seconds],
        "minutes per epoch, with as many times the work per example": [
            f"{seconds[0] / 60:.1f}",
            f"{seconds[1] * factor / 60:.0f}",
        ],
    }
    return lines + [f"| {what} | {' | '.join(cells)} |" for what, cells in texts.items()]


def _needs(examples: int, classes: int, width: int) -> dict[str, int]:
    pixels = SIDE * SIDE * 3
    return {
        "disk": examples * pixels,
        "labels": 8 * examples,
        "order": 4 * examples,
        "last": 4 * (width + 1) * classes,
        "multiplications": pixels * width + width * width + width * classes,
    }


def write(file: Path, examples: int, classes: int) -> None:
    """Write generated images as a .npz file, with x_train, y_train and so on."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        first = 0
        for split, share in _SPLITS.items():
            count = max(classes, round(examples * share))
            with archive.open(f"x_{split}.npy", "w", force_zip64=True) as stream:
                header = {"descr": "|u1", "fortran_order": False, "shape": (count, *_SHAPE)}
                np.lib.format.write_array_header_1_0(stream, header)
                for block in _images(first, count, classes):
                    stream.write(block.data)
            with archive.open(f"y_{split}.npy", "w") as stream:
                np.lib.format.write_array(stream, np.arange(first, first + count) % classes)
            first += count


def _images(first: int, count: int, classes: int) -> Iterator[np.ndarray]:
    """Yield images first, first + 1, … in blocks, seeded by the index of their first image."""
    coarse = np.random.default_rng(classes).integers(0, 256, (classes, 4, 4, 3), np.uint8)
    patterns = coarse.repeat(SIDE // 4, axis=1).repeat(SIDE // 4, axis=2) >> 1
    for at in range(first, first + count, _BLOCK):
        random = np.random.default_rng([classes, at])
        rows = np.arange(at, min(at + _BLOCK, first + count)) % classes
        yield (random.integers(0, 256, (_BLOCK, *_SHAPE), np.uint8)[: len(rows)] >> 1) + patterns[
            rows
        ]


def _killed(work: Path, file: Path, whole: dict) -> dict:
    """Return the row of a training that was killed in the middle of its epoch and resumed."""
    run = work / "killed"
    with _start(work, "train", file, "stream", run) as training:
        # Killed between the second and the third of its checkpoints.
        while not len(list(run.glob("checkpoints/step-*"))) > 1:
            if training.poll() is not None:
                raise RuntimeError(training.communicate()[1])
            time.sleep(0.01)
        training.send_signal(signal.SIGKILL)
        training.communicate()
    row = _run(work, "train", file, "stream", run)
    if row["resumed_at"] == 0:
        raise RuntimeError("The training did not resume.")
    return {
        "training": "stream, killed and resumed",
        **row,
        "first_load": whole["first_load"],
    }


def _start(work: Path, *words) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, __file__, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "ZOO_CACHE_DIR": str(work / "cache")},
    )


def _run(work: Path, *words) -> dict:
    with _start(work, *words) as process:
        output, errors = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{' '.join(map(str, words))} failed: {errors[-2000:]}")
    return json.loads(output.splitlines()[-1])


def _load(file: str) -> None:
    from zoo import data

    started = time.perf_counter()
    data.load(f"npz:{file}")
    print(json.dumps({"seconds": time.perf_counter() - started}))


def _train(file: str, source: str, run_dir: str) -> None:
    import psutil

    from zoo.utils.quiet import import_tensorflow

    import_tensorflow()
    import zoo
    from zoo.training.reporter import Silent

    began = psutil.Process().create_time()

    class Clock(Silent):
        """Notes when steps were done."""

        def __init__(self):
            self.done = []
            self.total = 0
            self.resumed_at = 0

        def epoch_begin(self, position, epochs, steps, batch_size):
            self.resumed_at, self.total = position.step, steps

        def steps(self, count):
            self.done.append((time.time(), count))

        def per_second(self):
            """Return the number of steps per second, after the first of them."""
            least, skipped = _WARM_UP * self.total, 0
            while skipped < least:
                at, count = self.done.pop(0)
                skipped += count
            return sum(count for _, count in self.done) / (self.done[-1][0] - at)

    with np.load(file) as arrays:
        examples, classes = len(arrays["y_train"]), int(arrays["y_train"].max()) + 1
    clock = Clock()
    results = zoo.train(
        "deep_relu",
        reporter=clock,
        dataset=f"npz:{file}",
        options={"classes": classes},
        epochs=1,
        batch_size=BATCH,
        source=source,
        run_dir=run_dir,
        # Three in an epoch.
        checkpoint_every=f"{max(1, examples // BATCH // 4)} steps",
    )
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    memory = {line.split(":")[0]: int(line.split()[1]) / 1e3 for line in lines if "kB" in line}
    print(
        json.dumps(
            {
                "examples": examples,
                "classes": classes,
                "megabytes": round(examples * SIDE * SIDE * 3 / 1e6),
                "first_step": clock.done[0][0] - began,
                "examples_per_second": round(clock.per_second() * BATCH),
                "peak_memory": round(memory["VmHWM"]),
                "test_accuracy": results["test"]["accuracy"],
                "resumed_at": clock.resumed_at,
                "weights": _weights(run_dir),
            }
        )
    )


def _weights(run_dir: str) -> str:
    """Return a hash of the trained weights."""
    import hashlib

    import zoo

    model = zoo.load_model(Path(run_dir) / "model.keras")
    digest = hashlib.sha256()
    for array in model.get_weights():
        digest.update(array.tobytes())
    return digest.hexdigest()[:16]


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    {"load": _load, "train": _train}[sys.argv[1]](*sys.argv[2:])

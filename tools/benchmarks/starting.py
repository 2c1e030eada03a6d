"""Start-up times of commands, and peak memory of training, in new processes."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image

_FIRST_STEP = re.compile(rb"^epoch +1\b", re.MULTILINE)
_MEMORY = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, capture_output=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3)
"""


def measure(rounds: int, say) -> list[dict]:
    """Return a row per command: seconds, and the ratio to `import tensorflow`."""
    python = [sys.executable, "-c"]
    zoo = [sys.executable, "-m", "zoo"]
    with tempfile.TemporaryDirectory() as folder:
        photo = Path(folder) / "photo.png"
        pixels = np.random.default_rng(0).integers(0, 256, (375, 500, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(photo)
        runs = iter(range(10**6))
        ways = {
            "an empty Python": lambda: _duration([*python, "pass"]),
            "`import zoo`": lambda: _duration([*python, "import zoo"]),
            "`zoo --help`": lambda: _duration([*zoo, "--help"]),
            "`zoo list`": lambda: _duration([*zoo, "list"]),
            "`zoo predict linear_cat_dog photo`": lambda: _duration(
                [*zoo, "predict", "linear_cat_dog", str(photo)]
            ),
            "`import tensorflow`": lambda: _duration([*python, "import tensorflow"]),
            "`zoo train deep_relu`, second start, until the first step": lambda: _first_step(
                [*zoo, "train", "deep_relu", "--run-dir", f"{folder}/{next(runs)}"]
            ),
        }
        seconds = {way: [] for way in ways}
        for _ in range(rounds):
            for way, run in ways.items():
                seconds[way].append(run())
    base = "`import tensorflow`"
    rows = [
        {
            "command": way,
            "seconds": median(seconds[way]),
            "to_tensorflow": median(
                a / b for a, b in zip(seconds[way], seconds[base], strict=True)
            ),
        }
        for way in ways
    ]
    for row in rows:
        say(row)
    return rows


def measure_memory(say) -> list[dict]:
    """Return the peak memory, in MB, of a training and of its minimal requirements."""
    from zoo import data

    dataset = data.load("cifar10")
    uint8 = sum(split.x.nbytes for split in (dataset.train, dataset.validation, dataset.test)) / 1e6
    with tempfile.TemporaryDirectory() as folder:
        train = [sys.executable, "-m", "zoo", "train", "deep_relu", "--epochs", "1"]
        bare = _peak([sys.executable, "-c", "import tensorflow, keras"])
        # A short `fit` makes TensorFlow start its threads and its allocator.
        used = _peak([sys.executable, "-c", _TENSORFLOW_AT_WORK])
        ours = _peak([*train, "--run-dir", f"{folder}/run"])
    rows = [
        {"what": "`import tensorflow, keras`", "megabytes": bare},
        {"what": "Keras `fit` of the same network on 128 photos", "megabytes": used},
        {"what": "the uint8 data set", "megabytes": uint8},
        {"what": "`zoo train deep_relu`", "megabytes": ours},
        {"what": "training above Keras at work, in data sets", "megabytes": (ours - used) / uint8},
    ]
    for row in rows:
        say(row)
    return rows


_TENSORFLOW_AT_WORK = """
import numpy as np, keras
layers = [keras.Input((3072,)), *(keras.layers.Dense(512, "relu") for _ in range(2))]
model = keras.Sequential([*layers, keras.layers.Dense(10, "softmax")])
model.compile(keras.optimizers.AdamW(), "sparse_categorical_crossentropy")
model.fit(np.zeros((128, 3072), "float32"), np.zeros(128), batch_size=128, verbose=0)
"""


def _duration(words: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(words, check=True, capture_output=True)
    return time.perf_counter() - started


def _first_step(words: list[str]) -> float:
    started = time.perf_counter()
    output = b""
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as training:
        while not _FIRST_STEP.search(output):
            output += training.stdout.read1()
        seconds = time.perf_counter() - started
        training.kill()
    return seconds


def _peak(words: list[str]) -> float:
    done = subprocess.run(
        [sys.executable, "-c", _MEMORY, *words], check=True, capture_output=True, encoding="utf-8"
    )
    return float(done.stdout)

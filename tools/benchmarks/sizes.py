"""Cost against size: streaming of 1, 2, 4 and 8 times as many examples."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

FACTORS = (1, 2, 4, 8)
_SMALLEST = 20_000


def measure(say) -> list[dict]:
    """Return a row per size: seconds of the second epoch and peak memory of the process."""
    rows = []
    for factor in FACTORS:
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [sys.executable, __file__, str(factor * _SMALLEST), folder],
                check=True,
                capture_output=True,
                encoding="utf-8",
            )
        rows.append({"factor": factor, **json.loads(done.stdout)})
        say(rows[-1])
    return rows


def _stream(examples: int, folder: Path) -> None:
    import time

    from zoo.utils.quiet import import_tensorflow

    import_tensorflow()
    import numpy as np
    import tensorflow as tf

    import zoo
    from zoo import data
    from zoo.data.dataset import Split
    from zoo.training import examples as sources
    from zoo.training.checkpoints import Position
    from zoo.training.loop import TrainingLoop

    # The same photos repeated: the time does not depend on their content.
    train = data.load("cifar10").train
    path = folder / "photos.npy"
    photos = np.lib.format.open_memmap(path, "w+", np.uint8, (examples, 32, 32, 3))
    for at in range(0, examples, 1000):
        photos[at : at + 1000] = train.x[np.arange(at, at + 1000) % len(train)]
    photos.flush()
    del photos
    x = np.asarray(np.load(path, mmap_mode="r"))
    y = np.resize(np.asarray(train.y), examples)
    model = zoo.build("cifar_softmax", size=32, grayscale=False)
    strategy = tf.distribute.get_strategy()
    loop = TrainingLoop(
        model,
        strategy,
        sources.choose("stream", model, strategy, Split(x, y)),
        batch_size=128,
        seed=0,
    )
    for epoch in range(2):
        started = time.perf_counter()
        for _ in loop.epoch(Position(epoch), lambda step: step + 50):
            pass
        seconds = time.perf_counter() - started
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    sizes = {line.split(":")[0]: int(line.split()[1]) / 1e3 for line in lines if "kB" in line}
    print(
        json.dumps(
            {
                "examples": examples,
                "megabytes": examples * 3072 / 1e6,
                "seconds": seconds,
                # Without pages of the mapped file, which the kernel can reclaim.
                "own_memory": sizes["RssAnon"],
                "peak_memory": sizes["VmHWM"],
            }
        )
    )


if __name__ == "__main__":
    _stream(int(sys.argv[1]), Path(sys.argv[2]))

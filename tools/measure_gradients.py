"""Measure what it saves, and costs, that mixed_bfloat16 sums gradients in bfloat16.

`python tools/measure_gradients.py wire` prints what a step of `deep_relu` sends and takes between
two hosts, which are network namespaces (Linux, root); `accuracy` prints its validation accuracy
with one replica, which sums nothing, and with four. `--write` writes into docs/distributed.md.
"""

import argparse
import csv
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from measure_distributed import write

MODEL = "deep_relu"
PRECISIONS = ("float32", "mixed_bfloat16")
WARM_UP, STEPS, BATCH_SIZE = 5, 20, 128
BITS_PER_SECOND = {"1 Gbit/s": 1e9, "100 Mbit/s": 1e8}
SEEDS, EPOCHS = (0, 1, 2), 3
REPLICAS = (1, 4)


def measure_here(precision):
    """Print, as JSON, the bytes that this host sends in a step, and its seconds."""
    import keras
    import numpy as np

    from zoo.data.dataset import Split
    from zoo.models import describe
    from zoo.training import examples, strategies
    from zoo.training.checkpoints import Position
    from zoo.training.loop import TrainingLoop
    from zoo.training.precision import policy

    chosen = strategies.choose("multi_worker")
    spec = describe(MODEL)
    keras.utils.set_random_seed(0)
    with policy(precision), chosen.strategy.scope():
        model = spec.builder()
    random = np.random.default_rng(0)
    count = (WARM_UP + STEPS) * BATCH_SIZE
    photos = random.integers(0, 256, (count, 32, 32, 3)).astype("uint8")
    labels = spec.task.targets(random.integers(0, 10, count))
    split = examples.choose("memory", model, chosen.strategy, Split(photos, labels))
    loop = TrainingLoop(model, chosen.strategy, split, batch_size=BATCH_SIZE, seed=0)
    sent = Path("/sys/class/net/eth0/statistics/tx_bytes")
    # The first call of the graph is the warm-up, the second is measured.
    steps = loop.epoch(Position(0), lambda step: WARM_UP if step < WARM_UP else WARM_UP + STEPS)
    next(steps)
    before, started = int(sent.read_text(encoding="utf-8")), time.monotonic()
    next(steps)
    seconds, after = time.monotonic() - started, int(sent.read_text(encoding="utf-8"))
    if chosen.is_chief:
        print(json.dumps({"bytes": (after - before) / STEPS, "seconds": seconds / STEPS}))


def measure(hosts, precision):
    """Return what `measure_here` prints, run on two hosts."""
    cluster = {"worker": [f"{host.name}:2222" for host in hosts]}
    started = []
    for index, host in enumerate(hosts):
        config = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})
        words = (
            "env",
            f"TF_CONFIG={config}",
            sys.executable,
            __file__,
            "wire",
            "--here",
            precision,
        )
        started.append(host.start(*words, stdout=subprocess.PIPE, encoding="utf-8"))
    outputs = [process.communicate()[0] for process in started]
    if any(process.returncode for process in started):
        raise SystemExit(f"{MODEL} in {precision} failed")
    return json.loads(outputs[0].splitlines()[-1])


def wire_table():
    """Return lines: what a step sends, and how long it takes, by number format and speed."""
    from network.namespaces import missing, network

    if reason := missing():
        raise SystemExit(reason)
    lines = ["| | sent by a host |" + "".join(f" at {speed} |" for speed in BITS_PER_SECOND)]
    lines.append("|---|---|" + "---|" * len(BITS_PER_SECOND))
    with network(2) as hosts:
        for precision in PRECISIONS:
            seconds = []
            for speed in BITS_PER_SECOND.values():
                with hosts.limited_rate(speed):
                    measured = measure(hosts, precision)
                seconds.append(measured["seconds"])
            cells = "".join(f" {1e3 * value:.0f} ms |" for value in seconds)
            lines.append(f"| {precision} | {measured['bytes'] / 1e6:.2f} MB |{cells}")
            print(lines[-1], file=sys.stderr, flush=True)
    return lines


def accuracy(replicas, seed):
    """Return the validation accuracy after a few epochs, in percent."""
    with tempfile.TemporaryDirectory() as folder:
        words = [MODEL, "--precision", PRECISIONS[1], "--strategy", "mirrored"]
        words += ["--devices", str(replicas), "--seed", str(seed)]
        words += ["--epochs", str(EPOCHS), "--run-dir", folder]
        subprocess.run(
            [sys.executable, "-m", "zoo", "train", *words], check=True, stdout=subprocess.DEVNULL
        )
        with (Path(folder) / "history.csv").open(encoding="utf-8", newline="") as file:
            return 100 * float([*csv.DictReader(file)][-1]["val_accuracy"])


def accuracies_table():
    """Return lines: the validation accuracy with each seed, and the mean."""
    lines = ["| |" + "".join(f" seed {seed} |" for seed in SEEDS) + " mean |"]
    lines.append("|---|" + "---|" * (len(SEEDS) + 1))
    for replicas in REPLICAS:
        found = [accuracy(replicas, seed) for seed in SEEDS]
        cells = "".join(f" {value:.2f} % |" for value in [*found, statistics.mean(found)])
        lines.append(f"| {replicas} replica{'s' * (replicas > 1)} |{cells}")
        print(lines[-1], file=sys.stderr)
    return lines


def wire():
    """Return the text on what a step costs."""
    from zoo.utils.provenance import machine

    lines = [
        f"A step of `{MODEL}`, global batch {BATCH_SIZE}, on two hosts (network namespaces of one "
        f"machine, {machine()}):",
        "",
        *wire_table(),
    ]
    return "\n".join(lines)


def accuracies():
    """Return the text on what the rounding of the sums costs."""
    lines = [
        f"Its validation accuracy on cifar10 after {EPOCHS} epochs in {PRECISIONS[1]}; one replica "
        "sums nothing:",
        "",
        *accuracies_table(),
    ]
    return "\n".join(lines)


PARTS = {"wire": wire, "accuracy": accuracies}


def main():
    """Print a table, or write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--write", action="store_true", help="put it into docs/distributed.md")
    parser.add_argument("--here", choices=PRECISIONS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    from zoo.utils.quiet import import_tensorflow

    import_tensorflow()
    if options.here:
        measure_here(options.here)
        return
    made = f"Made by `python tools/measure_gradients.py {options.part} --write`."
    text = f"{PARTS[options.part]()}\n\n{made}"
    if options.write:
        write(options.part, text)
    else:
        print(text)


if __name__ == "__main__":
    main()

"""Measure how the time of an epoch grows with examples, replicas and workers.

`python tools/measure_distributed.py` prints the tables, `--write` writes them into
docs/distributed.md. Every row is measured in a new process (one per worker), with the model's
default recipe, after a warm-up epoch. With `--network` it prints the table of what a network costs,
measured between network namespaces, for which it must be root.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
DOCUMENT = ROOT / "docs" / "distributed.md"
FIGURES, NETWORK = "figures", "network"
ROWS = {
    "1 device": ("cpu", 1),
    "2 logical devices": ("mirrored", 2),
    "4 logical devices": ("mirrored", 4),
    "1 worker": ("multi_worker", 1),
    "2 workers": ("multi_worker", 2),
}
PARTS = (8, 4, 2, 1)
BITS_PER_SECOND = (1e9, 1e10, 1e11)


def measure_here(model_name, strategy, count):
    """Print, as JSON, seconds per epoch for each part of the training set; run by `measure`."""
    import keras

    from zoo import data
    from zoo.data.dataset import Split
    from zoo.models import describe
    from zoo.training import examples, strategies
    from zoo.training.checkpoints import Position
    from zoo.training.loop import TrainingLoop

    chosen = strategies.choose(strategy, count if strategy == "mirrored" else None)
    spec = describe(model_name)
    dataset = data.load(spec.dataset)
    train = dataset.train.map_targets(spec.task.targets)
    measured = {"dataset": f"{dataset.name} (fingerprint {dataset.fingerprint})", "seconds": {}}
    for part in PARTS:
        size = len(train) // part
        keras.utils.set_random_seed(0)
        with chosen.strategy.scope():
            model = spec.builder()
        split = examples.choose(
            "memory", model, chosen.strategy, Split(train.x[:size], train.y[:size])
        )
        loop = TrainingLoop(
            model, chosen.strategy, split, batch_size=spec.recipe.batch_size, seed=0
        )
        for epoch in range(2):
            started = time.monotonic()
            for _ in loop.epoch(Position(epoch), lambda step: step + 50):
                pass
        measured["seconds"][size] = time.monotonic() - started
    if chosen.is_chief:
        print(json.dumps(measured))


def measure(model, strategy, count):
    """Return what `measure_here` prints in fresh processes, one per worker."""
    from zoo.training.launcher import local_addresses

    processes = count if strategy == "multi_worker" else 1
    addresses = local_addresses(processes)
    words = [sys.executable, __file__, "--model", model, "--here", strategy, str(count)]
    started = []
    for index in range(processes):
        task = {"type": "worker", "index": index}
        config = json.dumps({"cluster": {"worker": addresses}, "task": task})
        environment = dict(os.environ)
        if strategy == "multi_worker":
            environment["TF_CONFIG"] = config
        started.append(
            subprocess.Popen(words, stdout=subprocess.PIPE, encoding="utf-8", env=environment)
        )
    outputs = [process.communicate()[0] for process in started]
    if any(process.returncode for process in started):
        raise SystemExit(f"{' '.join(words)} failed")
    return json.loads(outputs[0].splitlines()[-1])


def epochs_table(model):
    """Return the data set's name and the lines of the table of measured epochs."""
    lines, alone = [], None
    for name, (strategy, count) in ROWS.items():
        measured = measure(model, strategy, count)
        seconds = list(measured["seconds"].values())
        alone = alone or seconds[-1]
        if not lines:
            sizes = "".join(f" {int(size):,} examples |" for size in measured["seconds"])
            lines = [f"| |{sizes} ratio to 1 device |", "|---|" + "---|" * (len(PARTS) + 1)]
        cells = "".join(f" {value:.2f} s |" for value in seconds)
        lines.append(f"| {name} |{cells} {seconds[-1] / alone:.2f} |")
        print(lines[-1], file=sys.stderr)
    return measured["dataset"], lines


def gradients_table():
    """Return lines: each model's gradient bytes, and how long a ring all-reduce of them takes."""
    import zoo

    links = "".join(f" at {speed / 1e9:g} Gbit/s |" for speed in BITS_PER_SECOND)
    lines = [
        f"| model | trainable weights | gradient bytes |{links} global batch |",
        "|---|---|---|" + "---|" * (len(BITS_PER_SECOND) + 1),
    ]
    for name in zoo.list_models():
        size = gradient_bytes(name)
        cells = "".join(f" {2 * size * 8 / speed * 1e3:.3g} ms |" for speed in BITS_PER_SECOND)
        batch_size = zoo.describe(name).recipe.batch_size
        lines.append(f"| `{name}` | {size // 4:,} | {size:,} |{cells} {batch_size} |")
    return lines


def gradient_bytes(model):
    """Return the bytes of a model's gradients."""
    import zoo

    weights = zoo.build(model).trainable_weights
    return 4 * sum(int(weight.shape.num_elements()) for weight in weights)


def figures(model):
    """Return the lines on epochs and gradients."""
    dataset, lines = epochs_table(model)
    return [
        f"One epoch of `{model}` on {dataset}, and parts of it:",
        "",
        *lines,
        "",
        "Gradients, and the time that a ring all-reduce of them takes each step over many "
        "hosts (2 × bytes ÷ speed; latency comes on top):",
        "",
        *gradients_table(),
    ]


def network_figures(model):
    """Return the lines on what a network costs."""
    from network import cost, namespaces, slow_wire

    if reason := namespaces.missing() or slow_wire.missing_for_slow_wire():
        raise SystemExit(reason)
    size = gradient_bytes(model)
    return [
        f"Steps of `{model}` on hosts that are network namespaces of one machine, whose cables "
        f"have a limited rate or latency; gradients of {size:,} bytes:",
        "",
        *cost.table(model, size),
    ]


def write(part, text):
    """Put a text between a part's marks in the document."""
    begin, end = f"<!-- {part}: begin -->", f"<!-- {part}: end -->"
    before, rest = DOCUMENT.read_text(encoding="utf-8").split(begin)
    text = f"{before}{begin}\n{text}\n{end}{rest.split(end)[1]}"
    DOCUMENT.write_text(text, encoding="utf-8")


def main():
    """Print the tables, or write them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="deep_relu")
    parser.add_argument("--network", action="store_true", help="what a network costs, as root")
    parser.add_argument("--write", action="store_true", help="put them into docs/distributed.md")
    parser.add_argument("--here", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    from zoo.utils.quiet import import_tensorflow

    import_tensorflow()
    if options.here:
        measure_here(options.model, options.here[0], int(options.here[1]))
        return
    from zoo.utils.provenance import machine, versions

    part, lines = FIGURES, figures
    if options.network:
        part, lines = NETWORK, network_figures
    words = " --network" * options.network + " --write"
    text = "\n".join(
        [
            *lines(options.model),
            "",
            f"Machine: {machine()}; "
            + ", ".join(f"{name} {version}" for name, version in versions().items())
            + f". Made by `python tools/measure_distributed.py{words}`.",
        ]
    )
    if options.write:
        write(part, text)
    else:
        print(text)


if __name__ == "__main__":
    main()

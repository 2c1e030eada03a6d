"""Measure what it saves, and costs, that mixed_bfloat16 sums gradients in bfloat16.

`python tools/measure_gradients.py wire` prints what a step of `deep_relu` sends and takes between
two hosts, which are network namespaces (Linux, root); `accuracy` prints its validation accuracy
with one replica, which sums nothing, and with four. `--write` writes into docs/distributed.md.
"""

import argparse
import csv
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from measure_distributed import write
from network import cost

MODEL = "deep_relu"
PRECISIONS = ("float32", "mixed_bfloat16")
WIRES = tuple(wire for wire in cost.WIRES if wire.bits_per_second)
SEEDS, EPOCHS = (0, 1, 2), 3
REPLICAS = (1, 4)


def wire_table():
    """Return lines: what a step sends, and how long it takes, by number format and speed."""
    from network.namespaces import missing

    if reason := missing():
        raise SystemExit(reason)
    lines = ["| | sent by a host |" + "".join(f" at {wire.name} |" for wire in WIRES)]
    lines.append("|---|---|" + "---|" * len(WIRES))
    for precision in PRECISIONS:
        measured = [*cost.measure(MODEL, 2, WIRES, precision).values()]
        cells = "".join(f" {1e3 * step.seconds:.0f} ms |" for step in measured)
        lines.append(f"| {precision} | {measured[0].sent / 1e6:.2f} MB |{cells}")
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
    from zoo.models import describe
    from zoo.utils.provenance import machine

    lines = [
        f"A step of `{MODEL}`, global batch {describe(MODEL).recipe.batch_size}, on two hosts "
        f"(network namespaces of one machine, {machine()}):",
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
    options = parser.parse_args()
    from zoo.utils.quiet import import_tensorflow

    import_tensorflow()
    made = f"Made by `python tools/measure_gradients.py {options.part} --write`."
    text = f"{PARTS[options.part]()}\n\n{made}"
    if options.write:
        write(options.part, text)
    else:
        print(text)


if __name__ == "__main__":
    main()

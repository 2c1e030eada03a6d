"""Keep the record of how recipes were found and how sure their figures are, in docs/results/.

    python tools/results.py search --epochs 12    # deep_relu's recipe with one thing changed
    python tools/results.py curve RUN             # a run's accuracy against minutes
    python tools/results.py seeds xor_mlp mark_one --seeds 5
    python tools/results.py penalties             # linear_cat_dog's test accuracy for every λ

Searches look at validation data alone; "penalties" shows the test set beside it, after the choice.
Needs the data sets (TFDS_DATA_DIR).
"""

import argparse
import csv
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
FOLDER = ROOT / "docs" / "results"

from zoo.errors import ZooError
from zoo.files import write_text
from zoo.models import describe
from zoo.provenance import machine, versions
from zoo.quiet import import_tensorflow

# One thing changed at a time, in the recipe that is shipped.
CHANGES = {
    "as it is": {},
    "no whitening": {"whitening": 0.0},
    "whitening with +0.1": {"whitening": 0.1},
    "no augmentation": {"augmentation": None},
    "no label smoothing": {"label_smoothing": 0.0},
    "weight decay 1": {"weight_decay": 1.0},
    "learning rate 0.003": {"learning_rate": 3e-3},
    "float32": {"precision": "float32"},
}


def main() -> None:
    """Carry out what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    searching = commands.add_parser("search")
    searching.add_argument("--epochs", type=int, default=12)
    tracing = commands.add_parser("curve")
    tracing.add_argument("run", type=Path)
    repeating = commands.add_parser("seeds")
    repeating.add_argument("names", nargs="+")
    repeating.add_argument("--seeds", type=int, default=5)
    commands.add_parser("penalties")
    options = parser.parse_args()
    import_tensorflow()
    try:
        if options.command == "search":
            search(options.epochs)
        elif options.command == "curve":
            curve(options.run)
        elif options.command == "penalties":
            penalties()
        else:
            seeds(options.names, options.seeds)
    except ZooError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


def search(epochs: int) -> None:
    """Train deep_relu's compact recipe, and variants of it, for fewer epochs."""
    base = replace(describe("deep_relu").recipes["compact"], epochs=epochs)
    rows = []
    for change, fields in CHANGES.items():
        results, _ = trained("deep_relu", replace(base, **fields), seed=0)
        last = results["history"]
        rows.append({"change": change, **{key: last[key] for key in ("loss", "val_accuracy")}})
        print(rows[-1], flush=True)
    told = (
        f"deep_relu's recipe `compact` with one thing changed, {epochs} epochs in place of its "
        "own number, seed 0. Validation data; the test set was not looked at. So short a training "
        "favours what learns fast: augmentation pays off later."
    )
    keep("deep_relu-search", told, rows, results["dataset"])


def curve(run: Path) -> None:
    """Write a run's validation accuracy against minutes of training on this machine, now idle."""
    from zoo.run_folder import RunFolder

    folder = RunFolder(run)
    config, results = folder.config(), folder.results()
    with folder.history_path.open(newline="") as stream:
        history = list(csv.DictReader(stream))
    spec = describe(config["model"])
    recipe = replace(spec.recipes[config["recipe_name"]], epochs=2)
    _, seconds = trained(spec.name, recipe, seed=0)
    shown = {1, 2, 5, *range(10, len(history), 10), len(history)}
    rows = [
        {
            "epoch": number,
            "minutes": number * seconds / 60,
            "val_accuracy": float(row["val_accuracy"]),
        }
        for number, row in enumerate(history, start=1)
        if number in shown
    ]
    told = (
        f"{spec.name}, recipe `{config['recipe_name']}`: {config['recipe_text']} Test accuracy at "
        f"the end, looked at once: {100 * results['test']['accuracy']:.2f} %. Minutes are epochs "
        "times the time of one epoch, validation included, measured on the idle machine."
    )
    keep(f"{spec.name}-{config['recipe_name']}", told, rows, results["dataset"])


def seeds(names: list[str], count: int) -> None:
    """Train models by the recipe that is shipped from several seeds."""
    import numpy as np
    from make_saved_models import shipped_recipe

    rows = []
    for name in names:
        recipe = describe(name).recipes[shipped_recipe(name)]
        found = []
        for seed in range(count):
            results, _ = trained(name, recipe, seed)
            found.append(100 * results["test"]["accuracy"])
            print(name, seed, found[-1], flush=True)
        rows.append(
            {
                "model": name,
                "recipe": shipped_recipe(name),
                "seeds": count,
                "mean": float(np.mean(found)),
                "deviation": float(np.std(found, ddof=1)),
                "least": min(found),
                "most": max(found),
            }
        )
        rows[-1]["dataset"] = f"{results['dataset']['name']} {results['dataset']['fingerprint']}"
    keep("seeds", "Test accuracy, in %, over seeds of the weights and the order.", rows, None)


def penalties() -> None:
    """Write what every λ gives, computed apart from the package's solver, and what is shipped."""
    import numpy as np

    import zoo
    from zoo import data
    from zoo.preprocessing import preprocessing_of
    from zoo.training.features import preprocess
    from zoo.training.ridge import PENALTIES

    dataset = data.load("cats_vs_dogs")
    shipped = zoo.build("linear_cat_dog", pretrained=True)
    layer = preprocessing_of(shipped)
    x, right = {}, {}
    for split in ("train", "validation", "test"):
        part = getattr(dataset, split)
        x[split] = preprocess(layer, part.x)
        right[split] = np.where(np.asarray(part.y) == 1, 1.0, -1.0)
    mean, offset = x["train"].mean(axis=0, dtype=np.float64), right["train"].mean()
    centred = x["train"] - mean
    values, vectors = np.linalg.eigh(centred.T @ centred)
    turned = vectors.T @ (centred.T @ (right["train"] - offset))
    # An eigenvalue that is 0 but for rounding has no share in the answer of λ = 0.
    values = np.where(values > 1e-10 * values.max(), values, np.inf)

    def row(told, w, b):
        scores = {split: x[split] @ w + b for split in x}
        accuracies = {
            split: 100 * float(((scores[split] >= 0) == (right[split] > 0)).mean()) for split in x
        }
        return {"penalty": told, **accuracies}

    rows = []
    for penalty in (0.0, *PENALTIES):
        w = vectors @ (turned / (values + penalty))
        rows.append(row(f"{penalty:.3g}", w, offset - mean @ w))
    kernel, bias = (weight.numpy() for weight in shipped.get_layer("head").weights)
    rows.append(row("shipped", kernel[:, 0], bias[0]))
    told = (
        "linear_cat_dog: accuracy, in %, of the ridge solution for every λ, from numpy's "
        "eigendecomposition of the training photos' float64 sums. The recipe chooses λ by the "
        "validation photos' loss; the test column was looked at afterwards."
    )
    on = {"name": dataset.name, "fingerprint": dataset.fingerprint}
    keep("linear_cat_dog-penalties", told, rows, on)


def trained(name, recipe, seed) -> tuple[dict, float]:
    """Return the results of one training and the seconds of its last epoch."""
    from zoo import training
    from zoo.training.reporter import Silent

    class Clock(Silent):
        seconds = 0.0

        def epoch_begin(self, position, epochs, steps, batch_size):
            self.began = time.perf_counter()

        def epoch_end(self, row):
            self.seconds = time.perf_counter() - self.began

    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        results = training.train(name, recipe=recipe, seed=seed, run_dir=folder, reporter=clock)
    return results, clock.seconds


def keep(name: str, told: str, rows: list[dict], dataset: dict | None) -> None:
    """Write rows as docs/results/NAME.md and say on what they were measured."""
    lines = [f"| {' | '.join(rows[0])} |", "|---" * len(rows[0]) + "|"]
    for row in rows:
        cells = [f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in row.values()]
        lines.append(f"| {' | '.join(cells)} |")
    on = f"{dataset['name']}, fingerprint {dataset['fingerprint']}; " if dataset else ""
    packages = ", ".join(f"{key} {number}" for key, number in versions().items())
    command = " ".join(["python", "tools/results.py", *sys.argv[1:]])
    text = f"# {name}\n\n{told}\n\n" + "\n".join(lines)
    text += f"\n\n{on}{machine()}; {packages}. Made by `{command}`.\n"
    FOLDER.mkdir(parents=True, exist_ok=True)
    write_text(FOLDER / f"{name}.md", text)
    print(f"Written: {FOLDER / name}.md")


if __name__ == "__main__":
    main()

"""The playground's default network beside TensorFlow Playground's, on the same kinds of points."""

from __future__ import annotations

import json
import math
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from records.keeping import FOLDER, keep
from zoo.errors import ZooError
from zoo.serve.programs.base import RecentlyUsed
from zoo.serve.programs.plane import PlaneTraining
from zoo.serve.settings import PlaneSettings
from zoo.utils.files import write_json

SETS = ("circle", "clouds", "xor_clouds", "spiral")
# Of 25 updates each: 250 training points in batches of 10.
EPOCHS = (4, 10, 20, 40, 100, 200, 400)
UPDATES_PER_EPOCH = 25
# ½(ŷ − y)² of labels −1 and +1 is four times that of labels 0 and 1.
SCALE = 4
_BUNDLER = ("npx", "--yes", "esbuild@0.28.2")


def playground(checkout: Path, seeds: int) -> None:
    """Write the test losses of both after the same numbers of updates.

    Args:
        checkout: a work tree of github.com/tensorflow/playground.
        seeds: how many seeds, of points and weights, at least 3.

    Raises:
        ZooError: for another folder, too few seeds, or if node or npx is missing or fails.
    """
    if seeds < 3:
        raise ZooError(f"The number of seeds is {seeds}; give 3 or more.")
    theirs = their_losses(checkout, seeds)
    graphs = RecentlyUsed(1)
    ours = {name: [our_losses(name, seed, graphs) for seed in range(seeds)] for name in SETS}
    updates = [epochs * UPDATES_PER_EPOCH for epochs in EPOCHS]
    rows: list[dict[str, Any]] = []
    for name in SETS:
        for number, count in enumerate(updates):
            both = [[run[number] for run in runs[name]] for runs in (theirs, ours)]
            rows.append(
                {
                    "points": name,
                    "updates": count,
                    "TensorFlow Playground": _text(both[0]),
                    "this package": _text(both[1]),
                }
            )
    record = {
        "commit": _commit(checkout),
        "seeds": seeds,
        "updates": updates,
        "playground": theirs,
        "zoo": ours,
    }
    write_json(FOLDER / "playground.json", record)
    keep(
        "playground",
        "Loss on the 250 test points, ½(ŷ − y)² with labels −1 and +1, after the same number of "
        "updates with 10 of the 250 training points each, without noise: TensorFlow Playground's "
        "own code with its default settings (two hidden layers of 4 and 2 tanh units, SGD with "
        "learning rate 0.03), and the default settings of this package's playground (the same "
        "layers, SGD with momentum 0.9 and learning rate 0.1, a sigmoid output for labels 0 and 1, "
        f"whose loss is multiplied by {SCALE} here). The median of {seeds} seeds, and the smallest "
        "and largest; points are drawn anew for every seed, by each with a generator of its own. "
        "Every number is in playground.json.",
        rows,
        {"name": "tensorflow/playground", "fingerprint": record["commit"]},
    )


def their_losses(checkout: Path, seeds: int) -> dict[str, list[list[float]]]:
    """Return, for each set and seed, the test losses of TensorFlow Playground after `EPOCHS`."""
    source, here = checkout.resolve() / "src", Path(__file__).parent
    if not (source / "nn.ts").is_file():
        raise ZooError(f"There is no src/nn.ts in {checkout}; give a checkout of the playground.")
    for program in ("node", "npx"):
        if not shutil.which(program):
            raise ZooError(f"There is no {program} on this machine; install Node.js.")
    with tempfile.TemporaryDirectory() as folder:
        bundled = Path(folder) / "run.mjs"
        aliases = {
            "playground-nn": source / "nn.ts",
            "playground-dataset": source / "dataset.ts",
            "d3": here / "playground_scale.mjs",
        }
        _run(
            [
                *_BUNDLER,
                str(here / "playground_run.mjs"),
                "--bundle",
                "--platform=node",
                "--format=esm",
                f"--outfile={bundled}",
                *(f"--alias:{name}={path}" for name, path in aliases.items()),
            ]
        )
        wanted = json.dumps({"seeds": list(range(seeds)), "epochs": EPOCHS})
        return json.loads(_run(["node", str(bundled), wanted]))


def our_losses(
    name: str, seed: int, graphs: RecentlyUsed, epochs: tuple[int, ...] = EPOCHS
) -> list[float]:
    """Return the test losses, scaled to labels −1 and +1, by default settings."""
    training = PlaneTraining(PlaneSettings(data=name, seed=seed), graphs)
    state, losses = training.start(), []
    for count in epochs:
        updates = count * UPDATES_PER_EPOCH - int(state["updates"])
        state = training.advance(state, updates, math.inf)
        losses.append(SCALE * training.frame(state, False)["loss"]["test"])
    return losses


def _text(losses: list[float]) -> str:
    numbers = (statistics.median(losses), min(losses), max(losses))
    middle, low, high = (f"{number:.2g}" for number in numbers)
    return f"{middle} ({low} … {high})"


def _commit(checkout: Path) -> str:
    command = ["git", "-C", str(checkout), "rev-parse", "--short=12", "HEAD"]
    found = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    return found.stdout.strip() or "unknown"


def _run(command: list[str]) -> str:
    found = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    if found.returncode:
        raise ZooError(f"{command[0]} failed: {found.stderr.strip().splitlines()[-1:]}")
    return found.stdout

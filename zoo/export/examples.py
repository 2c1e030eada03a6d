"""A few test examples as files, and what a bundle's own program says of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from zoo import data
from zoo.errors import ZooError
from zoo.models import describe
from zoo.training.run_folder import RunFolder
from zoo.utils.files import replacing

_MOST = 4


def write_examples(run: str | Path, data_dir: str | None = None) -> tuple[list[str], list[str]]:
    """Write a few test examples with different targets into the run's folder.

    Returns:
        The words to give `predict.py` (paths of PNG files, or rows of numbers), and what each
        truly is, in words.
    """
    folder = RunFolder(run)
    config = folder.config()
    dataset = data.load(config["dataset"]["name"], data_dir or config["data_dir"])
    task = describe(config["model"]).task
    words = []
    chosen = task.distinct_examples(dataset.test.y, dataset, _MOST)
    truths = [task.target_text(dataset.test.y[index], dataset) for index in chosen]
    for index, truth in zip(chosen, truths, strict=True):
        example = dataset.test.x[index]
        if dataset.kind == "vector":
            words.append(",".join(f"{number:.6g}" for number in example))
            continue
        # A label names its file; of values there may be a slash in a unit.
        path = folder.path / "examples" / f"{truth if dataset.labels else index}.png"
        with replacing(path) as temporary:
            Image.fromarray(np.asarray(example)).save(temporary)
        words.append(str(path))
    return words, truths


def predict_examples(bundle: Path, words: list[str]) -> list[str]:
    """Return the lines that `predict.py` of a bundle prints, run as a process of its own.

    Raises:
        ZooError: if it fails; the message is its own.
    """
    done = subprocess.run(
        [sys.executable, bundle / "predict.py", *words], capture_output=True, text=True
    )
    if done.returncode:
        raise ZooError(done.stderr.strip())
    return done.stdout.splitlines()

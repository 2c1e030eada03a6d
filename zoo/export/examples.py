"""A few test examples as files, and what a bundle's own program says of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from zoo import data
from zoo.errors import ZooError
from zoo.training.run_folder import RunFolder
from zoo.utils.files import replacing


def write_examples(run, data_dir=None) -> tuple[list[str], list[str]]:
    """Write the first test example of each label, at most four, into the run's folder.

    Returns:
        The words to give `predict.py` (paths of PNG files, or rows of numbers), and the labels.
    """
    folder = RunFolder(run)
    config = folder.config()
    dataset = data.load(config["dataset"]["name"], data_dir or config["data_dir"])
    words = []
    chosen = [int(np.argmax(dataset.test.y == label)) for label in range(len(dataset.labels))][:4]
    for index in chosen:
        example = dataset.test.x[index]
        if dataset.kind == "vector":
            words.append(",".join(f"{number:.6g}" for number in example))
            continue
        path = folder.path / "examples" / f"{dataset.labels[dataset.test.y[index]]}.png"
        with replacing(path) as temporary:
            Image.fromarray(np.asarray(example)).save(temporary)
        words.append(str(path))
    return words, [dataset.labels[dataset.test.y[index]] for index in chosen]


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

"""Write a few test examples as files, and predict them with a bundle's own predict.py."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from zoo import data
from zoo.errors import ZooError
from zoo.models import describe
from zoo.training.run_folder import RunFolder
from zoo.utils.files import replacing
from zoo.utils.processes import run_python

_MAX_EXAMPLES = 4


def write_examples(run: str | Path, data_dir: str | None = None) -> tuple[list[str], list[str]]:
    """Write a few test examples with different targets into the run's folder.

    Returns:
        The arguments for `predict.py` (paths of PNG files, or rows of numbers), and the true label
        or values of each, as text.
    """
    folder = RunFolder(run)
    config = folder.config()
    dataset = data.load_again(config["dataset"], data_dir or config["data_dir"])
    task = describe(config["model"]).task
    words = []
    chosen = task.distinct_examples(dataset.test.y, dataset, _MAX_EXAMPLES)
    truths = [task.target_text(dataset.test.y[index], dataset) for index in chosen]
    for index, truth in zip(chosen, truths, strict=True):
        example = dataset.test.x[index]
        if dataset.kind == "vector":
            words.append(",".join(f"{number:.6g}" for number in example))
            continue
        # Files are named by their label; values are not used, as a unit may contain a slash.
        path = folder.path / "examples" / f"{truth if dataset.labels else index}.png"
        with replacing(path) as temporary:
            Image.fromarray(np.asarray(example)).save(temporary)
        words.append(str(path))
    return words, truths


def predict_examples(bundle: Path, words: list[str]) -> list[str]:
    """Run a bundle's `predict.py` in a new process and return the lines it prints.

    Raises:
        ZooError: if it fails, with its message.
    """
    done = run_python(bundle / "predict.py", *words)
    if done.returncode:
        raise ZooError(done.stderr.strip())
    return done.stdout.splitlines()

"""From a data set prepared by TensorFlow Datasets to a right answer of an int8 file."""

import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from zoo import data

TRAINED = {"size": 8, "width": 64}


@pytest.fixture(scope="module")
def run_dir(own_tfds, run_zoo, tmp_path_factory):
    """A run folder with its bundle."""
    folder = tmp_path_factory.mktemp("own")
    options = [word for name, value in TRAINED.items() for word in ("--set", f"{name}={value}")]
    done = run_zoo(
        *("train", "deep_relu", "--dataset", "tfds:digits", "--data-dir", own_tfds, *options),
        *("--epochs", 15, "--batch-size", 32, "--run-dir", folder / "run", "--export"),
        ZOO_CACHE_DIR=str(folder / "cache"),
    )
    assert done.returncode == 0, done.stderr
    return folder / "run"


def test_the_bundle_is_verified_with_the_data_it_names(run_dir, own_tfds, run_zoo, tmp_path):
    done = run_zoo(
        *("verify", run_dir / "bundle", "--data-dir", own_tfds), ZOO_CACHE_DIR=str(tmp_path)
    )
    assert done.returncode == 0, done.stderr
    assert "No problems found" in done.stdout


def test_the_int8_file_alone_answers_a_test_photo(run_dir, own_tfds, tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_CACHE_DIR", str(tmp_path / "cache"))
    dataset = data.load("tfds:digits", own_tfds)
    bundle = run_dir / "bundle"
    assert (bundle / "labels.txt").read_text(encoding="utf-8").split("\n")[:10] == list(
        dataset.labels
    )
    photos = [tmp_path / f"{at}.png" for at in range(20)]
    for path, pixels in zip(photos, dataset.test.x, strict=False):
        # A gray file, as the data set's own.
        Image.fromarray(np.ascontiguousarray(pixels[..., 0])).save(path)
    done = subprocess.run(
        [sys.executable, bundle / "predict.py", "--artifact", "int8", *photos],
        capture_output=True,
        text=True,
        check=True,
    )
    answers = re.findall(r"Ziffer \d", done.stdout)
    asked = [dataset.labels[label] for label in dataset.test.y[:20]]
    right = sum(a == b for a, b in zip(answers, asked, strict=True))
    # Test accuracy is 91 %; chance would be 2 of 20.
    assert right >= 15

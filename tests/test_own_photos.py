"""Photos of one's own, from a folder to the int8 file of a bundle that runs on its own."""

import json
import shutil
import subprocess
import sys
import unicodedata

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from zoo import data

# The second is as macOS writes it: letters and marks apart.
FIVE = ("große Null", unicodedata.normalize("NFD", "fünf Äpfel"), "zwei", "drei Körbe", "vier $5")


def digits_folder(folder, names, split=False):
    """Write scikit-learn's digits, 8 × 8, as PNG files in a folder per class."""
    digits = load_digits()
    for index, (image, digit) in enumerate(zip(digits.images, digits.target, strict=True)):
        if digit < len(names):
            of = ("test" if index % 5 == 0 else "train") if split else ""
            path = folder / of / names[digit] / f"{index}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.uint8(np.round(image * 255 / 16))).save(path)
    return folder


def cats_and_dogs(folder, photos_dir):
    """Copy the photos, and files that are none."""
    for label in ("cat", "dog"):
        shutil.copytree(photos_dir / label, folder / label, copy_function=shutil.copyfile)
        folder.joinpath(label).chmod(0o755)
    (folder / "notes.txt").write_text("not a photo")
    return folder


# Makes the folder; labels; epochs; options of a command of its own that exports, else --export;
# least accuracy on the test set.
CASES = {
    "own photos": (cats_and_dogs, ("cat", "dog"), 40, ["--kinds", "int8"], 0.4),
    "digits": (
        lambda folder, photos_dir: digits_folder(folder, list("0123456789")),
        tuple("0123456789"),
        10,
        ["--kinds", "int8"],
        0.9,
    ),
    "fünf Klassen": (
        lambda folder, photos_dir: digits_folder(folder, FIVE, split=True),
        tuple(sorted(unicodedata.normalize("NFC", name) for name in FIVE)),
        10,
        None,
        0.9,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_from_a_folder_to_a_right_answer_of_the_int8_file(
    name, photos_dir, tmp_path, run_zoo, monkeypatch
):
    make, labels, epochs, export, least = CASES[name]
    folder = make(tmp_path / name, photos_dir)
    monkeypatch.setenv("ZOO_CACHE_DIR", str(tmp_path / "cache"))
    options = ["--set", "depth=1", "--set", "width=64", "--set", "size=16", "--seed", "1"]
    words = ["train", "deep_relu", "--dataset", f"photos:{folder}", *options, "--epochs", epochs]
    run = tmp_path / "run"
    done = run_zoo(
        *words, "--batch-size", 16, "--run-dir", run, *(["--export"] if export is None else [])
    )
    assert done.returncode == 0, done.stderr
    assert f"Training examples per class: {labels[0]}: " in done.stdout
    if export is not None:
        done = run_zoo("export", run, *export)
        assert done.returncode == 0, done.stderr
    bundle = run / "bundle"
    manifest = json.loads((bundle / "manifest.json").read_text())
    assert (bundle / "labels.txt").read_text().splitlines() == list(labels)
    assert manifest["artifacts"]["int8"]["metrics"]["accuracy"] >= least
    done = run_zoo("verify", bundle)
    assert done.returncode == 0, done.stdout + done.stderr
    train = data.load(f"photos:{folder}").train
    photos = [tmp_path / f"{index}.png" for index in range(20)]
    for index, path in enumerate(photos):
        Image.fromarray(train.x[index]).save(path)
    command = [sys.executable, bundle / "predict.py", "--artifact", "int8", "--json", *photos]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line)["label"] for line in done.stdout.splitlines()]
    truths = [labels[y] for y in train.y[: len(photos)]]
    assert np.mean([answer == true for answer, true in zip(answers, truths, strict=True)]) >= 0.9

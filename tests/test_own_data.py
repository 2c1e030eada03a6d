"""From files of one's own, of digits, iris and diabetes, to right answers of the int8 file."""

import csv
import io
import json
import re
import subprocess
import sys
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_diabetes, load_digits, load_iris

from zoo import data

NAMES = ("sepal_length", "sepal_width", "petal_length", "petal_width")


class Own(NamedTuple):
    """A trained model of one's own data: its run folder and what it was trained on."""

    run: object
    folder: object
    dataset: data.Dataset

    def predict(self, *words):
        """Return what the bundle's own predict.py prints, with its int8 file."""
        program = self.run / "bundle" / "predict.py"
        done = subprocess.run(
            [sys.executable, program, "--artifact", "int8", *map(str, words)],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def figure(self, metric):
        """Return a metric of the int8 file, as it was measured."""
        manifest = json.loads((self.run / "bundle" / "manifest.json").read_text(encoding="utf-8"))
        return manifest["artifacts"]["int8"]["metrics"][metric]


@pytest.fixture(scope="module")
def own(run_zoo, tmp_path_factory):
    """A function that writes a file, trains, exports and verifies, all by commands."""

    def make(name, write, *words, target=None):
        folder = tmp_path_factory.mktemp("own")
        write(folder / name.partition(":")[2])
        cache = {"ZOO_CACHE_DIR": str(folder / "cache"), "cwd": folder}
        asked = ["--target", target] if target else []
        done = run_zoo("train", *words, "--dataset", name, *asked, "--run-dir", "run", **cache)
        assert done.returncode == 0, done.stderr
        done = run_zoo("export", "run", "--kinds", "int8", **cache)
        assert done.returncode == 0, done.stderr
        done = run_zoo("verify", "run/bundle", **cache)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ZOO_CACHE_DIR", cache["ZOO_CACHE_DIR"])
            return Own(folder / "run", folder, data.load(name, folder, target=target))

    return make


def _table(path, names, rows, targets):
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerows(
            [names, *([*row, target] for row, target in zip(rows, targets, strict=True))]
        )


def _write_digits(path):
    digits = load_digits()
    np.savez(path, x=np.round(digits.images * (255 / 16)).astype(np.uint8), y=digits.target)


def _write_iris(path):
    iris = load_iris()
    _table(path, [*NAMES, "species"], iris.data, iris.target_names[iris.target])


def _write_diabetes(path):
    found = load_diabetes(scaled=False)
    _table(path, [*found.feature_names, "progression (points)"], found.data, found.target)


def test_digits_as_arrays(own):
    words = ["deep_relu", "--set", "size=8", "--set", "width=64", "--epochs", 12]
    digits = own("npz:digits.npz", _write_digits, *words, "--batch-size", 32)
    assert digits.figure("accuracy") > 0.9
    test = digits.dataset.test
    photos = [digits.folder / f"{index}.png" for index in range(20)]
    for path, pixels in zip(photos, test.x, strict=False):
        Image.fromarray(np.ascontiguousarray(pixels[..., 0])).save(path)
    answers = re.findall(r"\.png: (\d)", digits.predict(*photos))
    assert (
        sum(int(answer) == label for answer, label in zip(answers, test.y[:20], strict=True)) >= 16
    )


def test_iris_by_name_and_as_a_table(own):
    words = ["deep_relu", "--recipe", "table", "--set", "width=32", "--epochs", 100]
    iris = own("csv:iris.csv", _write_iris, *words, target="species")
    test, labels = iris.dataset.test, iris.dataset.labels
    species = [labels[label] for label in test.y]
    _table(iris.folder / "test.csv", [*NAMES, "species"], test.x, species)
    answers = list(csv.DictReader(io.StringIO(iris.predict("--csv", iris.folder / "test.csv"))))
    found = [answer["label"] for answer in answers]
    right = np.mean([one == other for one, other in zip(found, species, strict=True)])
    assert right == pytest.approx(iris.figure("accuracy"))
    assert right >= 0.85
    # In another order of the columns, in which only the names can tell.
    by_name = [f"{name}={number}" for name, number in zip(NAMES, test.x[0], strict=True)]
    answer = json.loads(iris.predict("--json", *reversed(by_name)))
    assert answer["label"] == found[0]
    assert iris.predict(*test.x[0]).partition(": ")[2].startswith(found[0])


def test_diabetes_is_answered_in_its_own_units(own):
    diabetes = own(
        "csv:diabetes.csv",
        _write_diabetes,
        "linear_regression",
        target="progression (points)",
    )
    test = diabetes.dataset.test
    _table(diabetes.folder / "test.csv", [*diabetes.dataset.inputs, "y"], test.x, test.y)
    text = diabetes.predict("--csv", diabetes.folder / "test.csv")
    answers = list(csv.reader(io.StringIO(text)))
    found = np.array(answers[1:], float).ravel()
    rmse = np.sqrt(np.mean((found - test.y) ** 2))
    assert rmse == pytest.approx(diabetes.figure("rmse"), rel=1e-3)
    # Without the inputs, the mean of the training rows is the best answer.
    assert rmse < 0.8 * np.sqrt(np.mean((test.y - diabetes.dataset.train.y.mean()) ** 2))
    by_name = [f"{name}={n}" for name, n in zip(diabetes.dataset.inputs, test.x[0], strict=True)]
    answer = json.loads(diabetes.predict("--json", *by_name))
    assert answer["values"] == pytest.approx({"progression": found[0]}, rel=1e-5)

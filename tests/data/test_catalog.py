import dataclasses
import re
import subprocess
import sys

import numpy as np
import pytest

from zoo import data
from zoo.errors import ZooError

COMPUTED = ["and", "or", "nand", "xor", "blobs", "shapes"]


def test_unknown_name_tells_the_near_misses_and_all_names():
    with pytest.raises(ZooError, match="did you mean cifar10") as caught:
        data.load("cifar")
    assert all(name in str(caught.value) for name in data.list_datasets())
    with pytest.raises(ZooError) as caught:
        data.describe("zzzzzz")
    assert all(name in str(caught.value) for name in data.list_datasets())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("csv:", "'csv:' names no file; write csv:FILE."),
        ("npz: ", "'npz: ' names no file; write npz:FILE."),
        ("photos:", "'photos:' names no folder; write photos:FOLDER."),
        ("keypoints:", "'keypoints:' names no folder; write keypoints:FOLDER."),
        ("tfds:", "'tfds:' does not name a TFDS data set; write tfds:NAME"),
    ],
)
def test_a_place_needs_a_name(name, message, tmp_path):
    with pytest.raises(ZooError) as caught:
        data.load(name, tmp_path)
    assert str(caught.value).startswith(message)


def test_a_file_or_folder_without_its_kind_is_told_the_kinds(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "table.xlsx").write_bytes(b"PK")
    (tmp_path / "animals").mkdir()
    with pytest.raises(ZooError, match=r"a file of your own .* csv:FILE or npz:FILE\."):
        data.load("table.xlsx")
    with pytest.raises(ZooError, match=r"a folder of .* photos:FOLDER or keypoints:FOLDER"):
        data.load("animals")


@pytest.mark.parametrize("name", COMPUTED)
def test_computed_sets_keep_the_contract(name):
    dataset, spec = data.load(name), data.describe(name)
    assert (dataset.name, dataset.kind, dataset.labels) == (name, spec.kind, spec.labels)
    for split in (dataset.train, dataset.validation, dataset.test):
        assert split.y.dtype == np.int64
        assert len(split) == len(split.x) == len(split.y)
        assert set(split.y) == {0, 1}
    assert dataset.skipped == ()
    assert data.load(name).fingerprint == dataset.fingerprint
    assert re.fullmatch("[0-9a-f]{16}", dataset.fingerprint)


def test_fingerprints_tell_data_sets_apart():
    assert len({data.load(name).fingerprint for name in COMPUTED}) == len(COMPUTED)


@pytest.mark.parametrize(
    ("name", "outputs"),
    [
        ("and", [0, 0, 0, 1]),
        ("or", [0, 1, 1, 1]),
        ("nand", [1, 1, 1, 0]),
        ("xor", [0, 1, 1, 0]),
    ],
)
def test_truth_tables(name, outputs):
    dataset = data.load(name)
    for split in (dataset.train, dataset.validation, dataset.test):
        assert split.x.dtype == np.float32
        assert split.x.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
        assert split.y.tolist() == outputs


def test_what_is_not_downloaded_needs_no_preparation():
    assert data.prepare("xor") is None
    assert data.prepare("photos") is None


def test_computed_sets_load_without_tensorflow():
    code = (
        "import sys; from zoo import data; data.load('shapes'); data.describe('cifar10');"
        "print(sorted({'tensorflow', 'tensorflow_datasets', 'keras'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (0, "[]\n"), result.stderr


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (("0", "a\nb"), "has a class name that has a character that is not printable"),
        (("0", "x\u2028y"), "has a class name that has a character that is not printable"),
        (("0", "caf\udce9"), "has a class name that has a character that is not printable"),
        (("0", ""), "has a class name that is empty"),
        (("0", " 1"), "has a class name that begins or ends with white space"),
        (("0", "0"), "has two classes of the same name"),
    ],
)
def test_labels_of_data_made_in_python_are_checked_too(labels, message):
    with pytest.raises(ZooError, match=f"The data set or {message}"):
        dataclasses.replace(data.load("or"), labels=labels)

import json
import os
import shutil
import socket
import subprocess
import sys

import numpy as np
import pytest
from own_tfds import digits_pixels, store

from zoo import data
from zoo.errors import ZooError
from zoo.utils.choices import UnknownNameError

SPLITS = ("train", "validation", "test")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache."""
    monkeypatch.setenv("ZOO_CACHE_DIR", str(tmp_path / "cache"))


def sizes(dataset):
    return [len(getattr(dataset, split)) for split in SPLITS]


def test_images_are_those_that_were_prepared(own_tfds):
    dataset = data.load("tfds:digits", own_tfds)
    assert dataset.labels == tuple(f"Ziffer {number}" for number in range(10))
    assert sizes(dataset) == [1260, 140, 397]
    assert dataset.notes == ("The splits train, test are given; validation is taken out of train.",)
    images, labels = digits_pixels()
    kept = {image.tobytes(): label for image, label in zip(images[:1400], labels, strict=False)}
    tested = sorted((image.tobytes(), label) for image, label in zip(images, labels, strict=True))
    for split in (dataset.train, dataset.validation):
        assert split.x.shape[1:] == (8, 8, 3)
        for image, label in zip(split.x, split.y, strict=True):
            assert kept[image[..., 0].tobytes()] == label
    assert np.all(dataset.test.x == dataset.test.x[..., :1])
    found = [(x[..., 0].tobytes(), y) for x, y in zip(dataset.test.x, dataset.test.y, strict=True)]
    assert set(found) <= set(tested)


def test_the_data_set_may_be_named_with_its_version(own_tfds, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(own_tfds))
    named = data.load("tfds:digits:1.0.0")
    assert named.name == "tfds:digits:1.0.0"
    assert named.fingerprint == data.load("tfds:digits").fingerprint
    with pytest.raises(
        ZooError, match=r"which has the version 1\.0\.0; name that one, or run `zoo"
    ):
        data.load("tfds:digits:2.0.0")


def test_a_version_that_tfds_does_not_have_is_named_before_a_download(tmp_path):
    with pytest.raises(UnknownNameError, match=r"tfds:mnist has no version '9\.9\.9'; .* 3\.0\.1"):
        data.prepare("tfds:mnist:9.9.9", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_one_of_several_configurations_is_named(own_tfds):
    first = data.load("tfds:configured/first", own_tfds)
    # The only split is divided by class, equal photos together.
    assert sizes(first) == [140, 20, 40]
    with pytest.raises(ZooError, match="2 configurations, first, second; name one, such as"):
        data.load("tfds:configured", own_tfds)
    with pytest.raises(ZooError, match="tfds:configured/third is not in"):
        data.load("tfds:configured/third", own_tfds)
    again = data.load_again(first.identity(), data.location(first.name, own_tfds))
    assert again.fingerprint == first.fingerprint


def test_read_order_changes_nothing(own_tfds, tmp_path):
    import tensorflow_datasets as tfds

    builder = tfds.builder_from_directory(str(own_tfds / "configured" / "first" / "1.0.0"))
    rows = list(tfds.as_numpy(builder.as_dataset("train")))
    store(tmp_path, "backwards", dict(builder.info.features), {"train": rows[::-1]})
    first = data.load("tfds:configured/first", own_tfds)
    assert data.load("tfds:backwards", tmp_path).fingerprint == first.fingerprint


def test_equal_images_without_names_are_in_one_split(tmp_path):
    import tensorflow_datasets as tfds

    images, labels = digits_pixels()
    rows = [
        {"image": np.repeat(images[at][..., None], 3, -1), "label": int(labels[at])}
        for at in [*range(90), *range(30)]
    ]
    kinds = {"image": tfds.features.Image(), "label": tfds.features.ClassLabel(num_classes=10)}
    store(tmp_path, "repeated", kinds, {"train": rows})
    dataset = data.load("tfds:repeated", tmp_path)
    assert dataset.labels == tuple("0123456789")
    assert sum(sizes(dataset)) == 120
    kept = [{photo.tobytes() for photo in getattr(dataset, split).x} for split in SPLITS]
    assert sum(map(len, kept)) == len(set.union(*kept)) == 90
    assert "30 photos have duplicates, 0 in more than one split" in dataset.notes[-1]


def test_a_split_without_labels_is_taken_out_of_train(own_tfds):
    dataset = data.load("tfds:unlabelled", own_tfds)
    assert sizes(dataset) == [240, 100, 60]
    assert dataset.notes[0] == "The split extra is not used."
    sentence = "The split test has no labels, so it is not used, and test is taken out of train."
    assert sentence in dataset.notes
    assert data.load("tfds:unlabelled", own_tfds).notes == dataset.notes


def as_set(split):
    return {(*map(float, x), float(y)) for x, y in zip(split.x, split.y, strict=True)}


def test_numbers_with_classes(own_tfds):
    from sklearn.datasets import load_iris

    iris = load_iris()
    dataset = data.load("tfds:flowers", own_tfds)
    assert (dataset.kind, dataset.labels) == ("vector", tuple(iris.target_names))
    assert dataset.standardize
    assert dataset.inputs == ()
    rows = set.union(*(as_set(getattr(dataset, split)) for split in SPLITS))
    assert rows == as_set(data.Split(iris.data.astype(np.float32), iris.target))
    assert sum(sizes(dataset)) == 150
    named = data.load("tfds:flowers_flat", own_tfds)
    assert named.inputs == ("petal_length", "petal_width", "sepal_length", "sepal_width")
    assert sizes(named) == sizes(dataset)


def test_numbers_with_a_value(own_tfds):
    from sklearn.datasets import load_diabetes

    dataset = data.from_tfds("patients", own_tfds)
    diabetes = load_diabetes()
    assert [value.name for value in dataset.values] == ["progression"]
    assert sorted(dataset.inputs) == sorted(diabetes.feature_names)
    columns = [diabetes.feature_names.index(name) for name in dataset.inputs]
    rows = set.union(*(as_set(getattr(dataset, split)) for split in SPLITS))
    assert rows == as_set(data.Split(diabetes.data.astype(np.float32)[:, columns], diabetes.target))


def test_another_target_is_chosen_by_name(own_tfds):
    dataset = data.from_tfds("tfds:flowers_flat", own_tfds, target="petal_width")
    assert dataset.target == "petal_width"
    assert dataset.inputs == ("petal_length", "sepal_length", "sepal_width")
    assert dataset.notes[0] == "The feature species is not used."
    again = data.load_again(dataset.identity(), data.location(dataset.name, own_tfds))
    assert again.fingerprint == dataset.fingerprint


REPORT = """
import json, sys
from zoo import data
dataset = data.load(sys.argv[1], sys.argv[2])
heavy = {"tensorflow", "tensorflow_datasets", "keras"} & set(sys.modules)
print(json.dumps([dataset.fingerprint, sorted(heavy)]))
"""


def test_second_start_imports_no_tensorflow(own_tfds):
    first = data.load("tfds:digits", own_tfds)
    done = subprocess.run(
        [sys.executable, "-c", REPORT, "tfds:digits", str(own_tfds)],
        capture_output=True,
        text=True,
        env=dict(os.environ),
        check=True,
    )
    assert json.loads(done.stdout) == [first.fingerprint, []]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("clips", r"it has the features label \(2 classes\) and video \(video\); what is needed"),
        ("boxes", r"image \(image of any size\) and objects \(sequence of bbox, label\)"),
        ("reviews", r"label \(2 classes\), stars \(float32\) and text \(text\)"),
        ("sounds", r"audio \(audio\) and label"),
        ("pairs", r"since there are 2 of the kind image: it has the features label"),
        ("two_labels", r"2 class labels that can be predicted, animal, outdoors; choose one with"),
        ("measured", r"since a value, age, cannot be predicted from images"),
        ("gap", r"tfds:gap has nan as x\[1\] of example 1 of the split train; every number must"),
        ("unsplit", r"no split named train, and its splits are: odd, even"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_features(name, sentence, own_tfds, run_zoo):
    done = run_zoo("train", "deep_relu", "--dataset", f"tfds:{name}", "--data-dir", own_tfds)
    assert done.returncode == 2
    (error,) = done.stderr.splitlines()
    with pytest.raises(ZooError, match=sentence) as caught:
        data.load(f"tfds:{name}", own_tfds)
    assert str(caught.value) in error


def test_a_target_that_is_not_there_is_refused(own_tfds):
    with pytest.raises(ZooError, match=r"no class label or number named 'id'"):
        data.load("tfds:digits", own_tfds, target="id")


@pytest.mark.parametrize("name", ["tfds:", "tfds:digits/", "tfds:a/b/c", "tfds:../x", "tfds:a:1"])
def test_what_is_no_name_is_told_how_to_write_one(name, own_tfds):
    with pytest.raises(ZooError, match="does not name a TFDS data set; write tfds:NAME"):
        data.load(name, own_tfds)


def test_a_folder_too_deep_is_told_which_to_give(own_tfds):
    for deep in ("digits", "digits/1.0.0", "configured/first/1.0.0"):
        name = f"tfds:{deep.partition('/')[0]}"
        with pytest.raises(ZooError, match=f"give {own_tfds}, which contains|2 configurations"):
            data.load(name, own_tfds / deep)


@pytest.mark.parametrize("file", ["features.json", "dataset_info.json", "label.labels.txt"])
def test_damaged_metadata_is_told(file, own_tfds, tmp_path):
    folder = tmp_path / "digits"
    shutil.copytree(own_tfds / "digits", folder)
    (folder / "1.0.0" / file).write_text('{"splits": 3}\n\n')
    with pytest.raises(
        ZooError, match=rf"cannot be read \(.*`zoo data prepare tfds:digits --data-dir {tmp_path}`"
    ):
        data.load("tfds:digits", tmp_path)


def test_truncated_records_are_told(own_tfds, tmp_path):
    folder = tmp_path / "digits"
    shutil.copytree(own_tfds / "digits", folder)
    (record,) = folder.glob("*/*train*")
    record.write_bytes(record.read_bytes()[:-100])
    with pytest.raises(ZooError, match=r"cannot be read \(truncated .* `zoo data prepare tfds:dig"):
        data.load("tfds:digits", tmp_path)


def test_preparing_what_is_there_does_nothing(own_tfds):
    assert data.prepare("tfds:digits", own_tfds) == own_tfds / "digits" / "1.0.0"


def test_preparing_an_unknown_name_lists_near_ones(tmp_path):
    with pytest.raises(UnknownNameError, match=r"no data set 'mnst'; did you mean tfds:mnist"):
        data.prepare("tfds:mnst", tmp_path)
    with pytest.raises(
        UnknownNameError, match=r"configuration of tfds:glue 'kola'; did you mean c"
    ):
        data.prepare("tfds:glue/kola", tmp_path)
    with pytest.raises(ZooError, match=r"12 configurations, cola, .*; name one, such as tfds:glue"):
        data.prepare("tfds:glue", tmp_path)
    with pytest.raises(ZooError, match=r"downloaded by hand.*ILSVRC2012_img_train\.tar"):
        data.prepare("tfds:imagenet2012", tmp_path)


def test_preparing_without_a_network_is_told_soon(tmp_path, monkeypatch):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{nobody.getsockname()[1]}")
        for name in ("https_proxy", "NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        with pytest.raises(ZooError, match=r"tfds:mnist cannot be downloaded, since https://st"):
            data.prepare("tfds:mnist", tmp_path)
    assert not (tmp_path / "mnist").exists()

import json
import os
import shutil
import socket
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from zoo import data
from zoo.data.photos import Photos
from zoo.errors import ZooError

SPLITS = ("train", "validation", "test")
REPORT = """
import json, sys
from zoo import data
calls = []
dataset = data.load(sys.argv[1], sys.argv[2], progress=lambda done, total: calls.append(total))
heavy = {"tensorflow", "tensorflow_datasets", "keras"} & set(sys.modules)
print(json.dumps([dataset.fingerprint, len(calls), calls[-1:], sorted(heavy)]))
"""


def load_elsewhere(cache, name, folder):
    """Load in a process of its own; return what it printed, all of its standard output."""
    result = subprocess.run(
        [sys.executable, "-c", REPORT, name, str(folder)],
        capture_output=True,
        text=True,
        env={**os.environ, "ZOO_CACHE_DIR": str(cache)},
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture(scope="session")
def cold_cifar10(tfds_dir, tmp_path_factory):
    """CIFAR-10 decoded again: the cache and the output of the process."""
    cache = tmp_path_factory.mktemp("cifar10")
    yield cache, load_elsewhere(cache, "cifar10", tfds_dir)
    shutil.rmtree(cache)


@pytest.fixture
def cifar10(cold_cifar10, tfds_dir, monkeypatch):
    monkeypatch.setenv("ZOO_CACHE_DIR", str(cold_cifar10[0]))
    return data.load("cifar10", tfds_dir)


def test_cifar10_is_whole(cifar10):
    assert cifar10.labels == data.describe("cifar10").labels
    assert len(cifar10.train) + len(cifar10.validation) == 50_000
    # 10 % of the names' hashes, give or take four standard deviations.
    assert len(cifar10.validation) == pytest.approx(5_000, abs=4 * np.sqrt(4_500))
    assert Counter(cifar10.test.y.tolist()) == dict.fromkeys(range(10), 1_000)
    learned = np.concatenate([cifar10.train.y, cifar10.validation.y]).tolist()
    assert Counter(learned) == dict.fromkeys(range(10), 5_000)
    for split in SPLITS:
        x = getattr(cifar10, split).x
        assert (x.shape[1:], x.dtype) == ((32, 32, 3), np.uint8)
    assert cifar10.skipped == ()


def test_cifar10_is_shuffled(cifar10):
    runs = np.count_nonzero(np.diff(cifar10.train.y)) / len(cifar10.train)
    assert runs == pytest.approx(0.9, abs=0.01)


def test_no_photo_of_cifar10_is_in_two_splits(cifar10):
    photos = [photo.tobytes() for split in SPLITS for photo in getattr(cifar10, split).x]
    assert len(photos) == 60_000
    assert len(set(photos)) == 60_000


def test_cifar10_pixels_are_what_tfds_decodes(cifar10, tfds_dir):
    import tensorflow_datasets as tfds

    builder = tfds.builder_from_directory(str(max((tfds_dir / "cifar10").glob("*.*.*"))))
    photos = {photo.tobytes(): y for photo, y in zip(cifar10.test.x, cifar10.test.y, strict=True)}
    for example in tfds.as_numpy(builder.as_dataset(split="test[:500]")):
        assert photos[example["image"].tobytes()] == example["label"]


def test_second_start_imports_no_tensorflow_and_decodes_nothing(cold_cifar10, tfds_dir):
    cache, (fingerprint, decoded, total, heavy) = cold_cifar10
    assert (decoded, total) == (60_000, [60_000])
    assert "tensorflow_datasets" in heavy
    assert load_elsewhere(cache, "cifar10", tfds_dir) == [fingerprint, 0, [], []]


def test_fingerprint_is_that_of_the_users_own_cache(cold_cifar10, tfds_dir):
    assert data.load("cifar10", tfds_dir).fingerprint == cold_cifar10[1][0]


def test_cats_vs_dogs_is_whole(tfds_dir):
    dataset = data.load("cats_vs_dogs", tfds_dir)
    info = json.loads(next(tfds_dir.glob("cats_vs_dogs/*/dataset_info.json")).read_text())
    total = sum(int(length) for length in info["splits"][0]["shardLengths"])
    sizes = [len(getattr(dataset, split)) for split in SPLITS]
    assert sum(sizes) + len(dataset.skipped) == total
    for size, share in zip(sizes, (0.7, 0.1, 0.2), strict=True):
        assert size == pytest.approx(share * total, abs=4 * np.sqrt(total * share * (1 - share)))
    assert dataset.labels == ("cat", "dog")
    for split in SPLITS:
        assert getattr(dataset, split).y.mean() == pytest.approx(0.5, abs=0.04)


@pytest.fixture
def small_set(tfds_dir, photos_dir, tmp_path, monkeypatch):
    """A function that prepares real photos of all sizes, one truncated, as TFDS would."""
    import tensorflow as tf

    monkeypatch.setenv("ZOO_CACHE_DIR", str(tmp_path / "cache"))
    photos = [
        (f"PetImages/{label.title()}/{path.name}", index, path.read_bytes())
        for index, label in enumerate(("cat", "dog"))
        for path in sorted((photos_dir / label).iterdir())
    ]
    name, index, encoded = photos[7]
    photos[7] = (name, index, encoded[: len(encoded) // 2])

    def feature(value):
        if isinstance(value, int):
            return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))

    def prepare(data_dir, order=1, version="4.0.1", count=None):
        source = next(tfds_dir.glob("cats_vs_dogs/*.*.*"))
        folder = data_dir / "cats_vs_dogs" / version
        folder.mkdir(parents=True)
        for file in ("features.json", "label.labels.txt"):
            shutil.copyfile(source / file, folder / file)
        chosen = photos[:count][::order]
        info = json.loads((source / "dataset_info.json").read_text())
        info["version"] = version
        info["splits"][0]["shardLengths"] = [str(len(chosen))]
        (folder / "dataset_info.json").write_text(json.dumps(info))
        record = folder / "cats_vs_dogs-train.tfrecord-00000-of-00001"
        with tf.io.TFRecordWriter(str(record)) as writer:
            for name, label, encoded in chosen:
                features = {"image": encoded, "image/filename": name.encode(), "label": label}
                features = {key: feature(value) for key, value in features.items()}
                example = tf.train.Example(features=tf.train.Features(feature=features))
                writer.write(example.SerializeToString())
        return record

    prepare.photos = photos
    return prepare


def test_photos_of_all_sizes_and_a_corrupt_one(small_set, tmp_path):
    small_set(tmp_path / "tfds")
    dataset = data.load("cats_vs_dogs", tmp_path / "tfds")
    assert dataset.skipped == (small_set.photos[7][0],)
    label_of = {encoded: label for _, label, encoded in small_set.photos}
    count = 0
    for split in (dataset.train, dataset.validation, dataset.test):
        assert isinstance(split.x, Photos)
        for index, label in enumerate(split.y):
            assert label_of[split.x.encoded(index)] == label
            count += 1
    assert count == len(small_set.photos) - 1


def test_read_order_changes_nothing(small_set, tmp_path):
    small_set(tmp_path / "forwards")
    small_set(tmp_path / "backwards", order=-1)
    first = data.load("cats_vs_dogs", tmp_path / "forwards")
    second = data.load("cats_vs_dogs", tmp_path / "backwards")
    assert first.fingerprint == second.fingerprint
    for split in SPLITS:
        assert getattr(first, split).y.tolist() == getattr(second, split).y.tolist()


def test_the_newest_version_is_read(small_set, tmp_path):
    for version, count in (("4.0.9", 70), ("4.0.10", None), ("3.9.9", 80)):
        small_set(tmp_path / "tfds", version=version, count=count)
    (tmp_path / "tfds" / "cats_vs_dogs" / "9.0.0.incompleteABC").mkdir()
    dataset = data.load("cats_vs_dogs", tmp_path / "tfds")
    sizes = [len(getattr(dataset, split)) for split in SPLITS]
    assert sum(sizes) == len(small_set.photos) - 1


def test_a_truncated_record_file_is_reported(small_set, tmp_path):
    record = small_set(tmp_path / "tfds")
    record.write_bytes(record.read_bytes()[:-100])
    with pytest.raises(ZooError, match=r"cannot be read \(truncated .* `zoo data prepare"):
        data.load("cats_vs_dogs", tmp_path / "tfds")


def test_too_small_a_set_is_reported(small_set, tmp_path):
    small_set(tmp_path / "tfds", count=2)
    with pytest.raises(ZooError, match="None of the"):
        data.load("cats_vs_dogs", tmp_path / "tfds")


@pytest.mark.parametrize("name", ["cifar10", "cats_vs_dogs"])
def test_missing_data_says_what_to_do(name, tmp_path, monkeypatch):
    with pytest.raises(ZooError, match=rf"{name} is not in .* `zoo data prepare {name} --data-dir"):
        data.load(name, tmp_path)
    with pytest.raises(ZooError, match=r"no folder .*nowhere") as caught:
        data.load(name, tmp_path / "nowhere")
    assert "TFDS_DATA_DIR" in str(caught.value)
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    with pytest.raises(ZooError, match=f"not in {tmp_path}; run `zoo data prepare {name}`"):
        data.load(name)
    monkeypatch.delenv("TFDS_DATA_DIR")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ZooError, match="tensorflow_datasets"):
        data.load(name)


def test_tfds_data_dir_is_the_default(tfds_dir, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tfds_dir))
    assert data.prepare("cifar10").parent == tfds_dir / "cifar10"
    assert data.prepare("cats_vs_dogs", tfds_dir).parent == tfds_dir / "cats_vs_dogs"


def test_a_file_to_prepare_into_is_reported(tmp_path, capfd):
    (tmp_path / "file").write_text("a file is not a folder")
    with pytest.raises(ZooError, match="file is not a folder, so cifar10 cannot be stored there"):
        data.prepare("cifar10", tmp_path / "file")
    assert capfd.readouterr().out == ""


def test_missing_tensorflow_datasets_says_what_to_install(small_set, tmp_path, monkeypatch):
    small_set(tmp_path / "tfds")
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(ZooError, match=r"tensorflow_datasets; .*pip install"):
        data.load("cats_vs_dogs", tmp_path / "tfds")


@pytest.mark.parametrize(
    ("name", "fingerprint"),
    [("cifar10", "d01f1c64c5afa73d"), ("cats_vs_dogs", "f8fed9dfda981db2")],
)
def test_recorded_figures_are_of_these_very_splits(name, fingerprint, tfds_dir):
    assert data.load(name, tfds_dir).fingerprint == fingerprint


def test_equal_photos_of_cats_vs_dogs_are_reported(tfds_dir):
    (note,) = data.load("cats_vs_dogs", tfds_dir).notes
    assert note.startswith(
        "14 photos have duplicates, 0 in more than one split, 1 under more than one label"
    )
    assert data.load("cifar10", tfds_dir).notes == ()


@pytest.mark.parametrize("name", ["cifar10", "cats_vs_dogs"])
def test_a_folder_too_deep_is_told_which_to_give(name, tfds_dir):
    version = next((tfds_dir / name).glob("*.*.*"))
    for deep in (tfds_dir / name, version):
        for ask in (data.load, data.prepare):
            with pytest.raises(ZooError, match=f"give {tfds_dir}, which contains {name}"):
                ask(name, deep)


@pytest.mark.parametrize("name", ["cifar10", "cats_vs_dogs"])
def test_a_server_that_is_not_reached_is_told_soon(name, tmp_path, monkeypatch, capfd):
    # A proxy that nobody listens at: no network, on a machine with one too.
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{nobody.getsockname()[1]}")
        monkeypatch.delenv("https_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        # What an attempt without a network leaves behind is not a download to go on from.
        half = tmp_path / "downloads" / name / "photos.tar.gz.tmp.6edc35"
        half.mkdir(parents=True)
        with pytest.raises(ZooError, match=r"does not answer \(ProxyError\)") as caught:
            data.prepare(name, tmp_path)
    assert str(caught.value).endswith("use the data set 'photos' with a folder of your own.")
    assert "Retry" not in capfd.readouterr().err
    assert not (tmp_path / name).exists()

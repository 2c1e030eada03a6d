import io
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_diabetes, load_digits, load_iris

from zoo import ZooError, data
from zoo.data import npz_file
from zoo.data.dataset import SPLITS

_N = 30
_Y = np.arange(_N) % 3
_X = np.random.default_rng(0).integers(0, 256, (_N, 6, 5), np.uint8)
_ROWS = np.arange(2.0 * _N).reshape(_N, 2)


@pytest.fixture
def load(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_CACHE_DIR", str(tmp_path / "cache"))

    def load(compressed=False, **arrays):
        save = np.savez_compressed if compressed else np.savez
        save(tmp_path / "arrays.npz", **arrays)
        return data.load("npz:arrays.npz", tmp_path)

    return load


def _digits():
    digits = load_digits()
    return (digits.images * 255 / 16).astype(np.uint8), digits.target


@pytest.mark.parametrize("compressed", [False, True])
def test_images_are_those_of_from_arrays_but_stay_on_disk(load, compressed):
    x, y = _digits()
    dataset, expected = load(compressed, x=x, y=y), data.from_arrays(x, y)
    assert dataset.name == "npz:arrays.npz"
    assert dataset.fingerprint == expected.fingerprint
    assert dataset.labels == expected.labels
    assert dataset.notes == expected.notes
    for split in SPLITS:
        found, wanted = getattr(dataset, split), getattr(expected, split)
        assert (found.x == wanted.x).all()
        assert (found.y == wanted.y).all()
        assert isinstance(found.x.base, np.memmap)


def test_images_are_read_once(load, tmp_path, monkeypatch):
    first = load(x=_X, y=_Y, labels=["a", "b", "c"])
    built = []
    monkeypatch.setattr(npz_file, "image_digests", built.append)
    again = data.load("npz:arrays.npz", tmp_path)
    assert again.identity() == first.identity()
    assert not built
    # Until the file changes.
    monkeypatch.undo()
    monkeypatch.setenv("ZOO_CACHE_DIR", str(tmp_path / "cache"))
    assert load(x=_X[::-1], y=_Y, labels=["a", "b", "c"]).fingerprint != first.fingerprint


def test_large_files_are_read_in_parts(load, monkeypatch):
    whole = load(x=_X, y=_Y)
    monkeypatch.setattr("zoo.data.npz_members._PART_BYTES", 100)
    parts = load(x=_X, y=_Y, z=_Y)
    assert parts.fingerprint == whole.fingerprint
    assert all((getattr(parts, split).x == getattr(whole, split).x).all() for split in SPLITS)
    assert "Ignored arrays: z." in parts.notes


def test_splits_as_keras_names_them(load):
    dataset = load(x_train=_X, y_train=_Y[:, None], x_test=_X[::-1], y_test=_Y[::-1, None])
    assert (dataset.test.x[..., 1] == _X[::-1]).all()
    assert (dataset.test.y == _Y[::-1]).all()
    assert len(dataset.validation) == 3
    assert "validation is taken out of train" in dataset.notes[0]
    given = load(x_train=_X, y_train=_Y, x_val=_X + 1, y_val=_Y, X_test=_X, y_test=_Y)
    assert [len(getattr(given, split)) for split in SPLITS] == [_N] * 3


def test_iris_and_diabetes_as_rows(load):
    iris, diabetes = load_iris(), load_diabetes()
    found = load(x=iris.data, y=iris.target, labels=iris.target_names, inputs=iris.feature_names)
    expected = data.from_arrays(
        iris.data, iris.target, labels=iris.target_names, inputs=iris.feature_names
    )
    assert found.fingerprint == expected.fingerprint
    assert found.inputs == expected.inputs
    assert found.standardize
    value = load(x=diabetes.data.astype(">f4"), y=diabetes.target, values=["progression (points)"])
    assert [(value.name, value.unit) for value in value.values] == [("progression", "points")]


def test_values_of_images(load, tmp_path):
    first = load(x=_X, y=_ROWS)
    assert [value.name for value in first.values] == ["value_1", "value_2"]
    again = data.load("npz:arrays.npz", tmp_path)
    assert again.identity() == first.identity()
    assert load(x=_X, y=_Y, values=["n (m)"]).values[0].unit == "m"


def _pickled():
    return np.array([{"a": 1}] * _N, object)


_MISTAKES = {
    "nothing": ({}, "holds nothing; give x and y, or x_train"),
    "no y": ({"x": _X}, "holds x; give x and y"),
    "other names": ({"data": _X, "target": _Y}, "holds data, target; give x and y"),
    "no training data": ({"x_test": _X, "y_test": _Y}, "holds x_test, y_test; give x and y"),
    "half a split": ({"x": _X, "y": _Y, "x_val": _X}, "holds x, y, x_val; give x and y"),
    "two names": ({"x": _X, "y": _Y, "x_train": _X}, "holds both x and x_train; keep one"),
    "lengths": ({"x": _X, "y": _Y[1:]}, "x of the shape (30, 6, 5) and y of (29,)"),
    "scalar": ({"x": np.array(1), "y": np.array(1)}, "x of the shape () and y of ()"),
    "pickles": ({"x": _X, "y": _pickled()}, "holds y as Python objects, which are not read"),
    "float images": ({"x": _X / 255, "y": _Y}, "images are uint8"),
    "Fortran": ({"x": np.asfortranarray(_X), "y": _Y}, "holds x in Fortran order"),
    "nan": ({"x": _ROWS * np.nan, "y": _Y}, "x of train holds nan at x[0, 0]"),
    "negative": ({"x": _ROWS, "y": _Y - 1}, "the class index -1 at index 0"),
    "gap": ({"x": _X, "y": 2 * _Y}, "but no example of class 1"),
    "label types": ({"x": _X, "y": _Y, "labels": np.arange(3)}, "has labels of the type int64"),
    "label shape": ({"x": _X, "y": _Y, "labels": np.array([["a"]])}, "shape (1, 1); give texts"),
    "inputs of images": ({"x": _X, "y": _Y, "inputs": ["a"]}, "names inputs, but x are images"),
    "no images": ({"x": _X[:0], "y": _Y[:0]}, "has the shape (0, 6, 5)"),
    "rare class": ({"x": _X, "y": np.minimum(_Y, 1) + (np.arange(_N) > 28)}, "of the class 2, but"),
}


@pytest.mark.parametrize("mistake", _MISTAKES)
def test_every_mistake_is_one_sentence(load, mistake):
    arrays, part = _MISTAKES[mistake]
    with pytest.raises(ZooError) as error:
        load(**arrays)
    assert part in str(error.value)
    assert "\n" not in str(error.value)


def _saved(**arrays):
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def _archive(**entries):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in entries.items():
            archive.writestr(f"{name}.npy", content)
    return stream.getvalue()


def _array(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


_WHOLE = _saved(x=_X, y=_Y)
_HEADER = _array(_X)[: -_X.nbytes].replace(b"(30, 6, 5)", b"(99, 6, 5)")
_FILES = {
    "empty": (b"", "is damaged or no .npz file"),
    "text": (b"x,y\n1,2\n", "is damaged or no .npz file"),
    "cut": (_WHOLE[:-30], "is damaged or no .npz file"),
    "changed": (_WHOLE[:200] + b"\0\1\2\3" + _WHOLE[204:], "is damaged or no .npz file"),
    "single array": (_array(_X), "is a single array (.npy); save x and y together"),
    "pickle": (pickle.dumps({"x": 1}), "is damaged or no .npz file"),
    "other archive": (_archive(x=b"text", y=b"text"), "is damaged or no .npz file"),
    "short array": (_archive(x=_array(_X)[:-5], y=_array(_Y)), "not as large as its header says"),
    "wrong header": (
        _archive(x=_HEADER + _X.tobytes(), y=_array(_Y)),
        "not as large as its header",
    ),
}


@pytest.mark.parametrize("kind", _FILES)
def test_every_damaged_file_is_one_sentence(load, tmp_path, kind):
    content, part = _FILES[kind]
    (tmp_path / "arrays.npz").write_bytes(content)
    with pytest.raises(ZooError) as error:
        data.load("npz:arrays.npz", tmp_path)
    assert part in str(error.value)
    assert "\n" not in str(error.value)


def test_a_place_that_is_no_file_is_one_sentence(tmp_path):
    (tmp_path / "folder.npz").mkdir()
    for name, part in (("none.npz", "There is no file"), ("folder.npz", "is a folder")):
        with pytest.raises(ZooError, match=part):
            data.load(f"npz:{name}", tmp_path)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.integers(0, len(_WHOLE) - 1), st.integers(0, 255)), max_size=4))
def test_a_changed_file_is_a_data_set_or_one_sentence(load, tmp_path, changes):
    content = bytearray(_WHOLE)
    for at, byte in changes:
        content[at] = byte
    (tmp_path / "arrays.npz").write_bytes(content)
    try:
        dataset = data.load("npz:arrays.npz", tmp_path)
    except ZooError as error:
        dataset, sentence = None, str(error)
        assert sentence.isprintable()
    assert dataset is None or len(dataset.train) == 21

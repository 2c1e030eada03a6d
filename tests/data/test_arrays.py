import itertools

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_digits, load_iris

from zoo import Value, ZooError
from zoo.data import from_arrays
from zoo.data.dataset import SPLITS

_N = 30
_X = np.arange(2 * _N, dtype=np.float64).reshape(_N, 2)
_Y = np.arange(_N) % 3
_IMAGES = np.random.default_rng(0).integers(0, 256, (_N, 4, 5), np.uint8)
_NAN = np.where(np.arange(2 * _N).reshape(_N, 2) == 13, np.nan, _X)


def _together(dataset, part):
    return np.concatenate([getattr(getattr(dataset, split), part) for split in SPLITS])


def test_iris_keeps_every_row_with_its_class():
    iris = load_iris()
    dataset = from_arrays(
        iris.data,
        iris.target,
        labels=list(iris.target_names),
        inputs=iris.feature_names,
        name="iris",
    )
    assert (dataset.name, dataset.kind, dataset.standardize) == ("iris", "vector", True)
    assert dataset.labels == ("setosa", "versicolor", "virginica")
    assert dataset.inputs == tuple(iris.feature_names)
    given = sorted(zip(map(tuple, np.float32(iris.data)), iris.target.tolist(), strict=True))
    x, y = _together(dataset, "x"), _together(dataset, "y")
    assert sorted(zip(map(tuple, x), y.tolist(), strict=True)) == given


def test_digits_are_images_once_they_are_bytes():
    digits = load_digits()
    pixels = (digits.images * 255 / 16).astype(np.uint8)
    dataset = from_arrays(pixels, digits.target)
    assert dataset.kind == "image"
    assert dataset.labels == tuple("0123456789")
    assert not dataset.standardize
    assert dataset.train.x.shape[1:] == (8, 8, 3)
    assert (dataset.train.x[..., :1] == dataset.train.x).all()
    assert not dataset.train.x.flags.writeable
    assert pixels.flags.writeable
    assert [len(getattr(dataset, split)) for split in SPLITS] == [1259, 179, 359]
    assert min(np.bincount(dataset.validation.y)) >= 17


def test_diabetes_is_a_value():
    found = load_diabetes()
    dataset = from_arrays(found.data, found.target, values=["progression (points)"])
    assert dataset.values == (Value("progression", "points"),)
    assert dataset.labels == ()
    assert sorted(_together(dataset, "y")) == sorted(np.float32(found.target))


@pytest.mark.parametrize("x", [_X, _IMAGES])
def test_equal_examples_are_in_one_split(x):
    repeated, y = np.repeat(x, 4, axis=0), np.repeat(_Y, 4)
    order = np.random.default_rng(1).permutation(len(y))
    dataset = from_arrays(repeated[order], y[order])
    parts = [{row.tobytes() for row in getattr(dataset, split).x} for split in SPLITS]
    assert all(not (one & other) for one, other in itertools.combinations(parts, 2))
    assert dataset.notes == (
        f"{3 * _N} of {4 * _N} {'images' if x.ndim == 3 else 'rows'} repeat another one; equal "
        "ones are in the same split.",
    )


def test_the_order_of_rows_does_not_matter():
    order = np.random.default_rng(0).permutation(_N)
    whole, other = from_arrays(_X, _Y), from_arrays(_X[order], _Y[order])
    assert whole.fingerprint == other.fingerprint
    assert (whole.train.x == other.train.x).all()
    # Equal inputs of different classes too.
    x, y = np.concatenate([_X, _X[:9]]), np.concatenate([_Y, (_Y[:9] + 1) % 3])
    same = [from_arrays(x, y), from_arrays(x[::-1], y[::-1])]
    assert same[0].fingerprint == same[1].fingerprint


def test_given_splits_stay_as_they_are():
    images = np.repeat(_IMAGES, 3, axis=0)
    y = np.repeat(_Y, 3)
    dataset = from_arrays(_IMAGES, _Y, test=(images, y))
    assert (dataset.test.x[..., 0] == images).all()
    assert (dataset.test.y == y).all()
    assert len(dataset.train) + len(dataset.validation) == _N
    assert dataset.notes == (
        "The splits train, test are given; validation is taken out of train.",
        f"90 of 120 images repeat another one; {_N} are in two splits.",
    )
    whole = from_arrays(_X, _Y, validation=(_X + 100, _Y), test=(_X + 200, _Y))
    assert {split: getattr(whole, split).x.min() // 100 for split in SPLITS} == {
        "train": 0,
        "validation": 1,
        "test": 2,
    }


@pytest.mark.parametrize(
    ("y", "named", "labels"),
    [
        (_Y, {}, ("0", "1", "2")),
        (_Y[:, None].astype(np.uint8), {}, ("0", "1", "2")),
        (_Y > 0, {}, ("0", "1")),
        (_Y.astype(float), {"labels": "abc"}, ("a", "b", "c")),
        (np.array(["b", "ä", "a"])[_Y], {}, ("a", "b", "ä")),
        (np.array(["b", "ä", "a"], object)[_Y], {}, ("a", "b", "ä")),
        (np.array(["b", "c", "a"])[_Y], {"labels": ["c", "b", "a"]}, ("c", "b", "a")),
        (np.array([b"b", "ä".encode()])[_Y % 2], {}, ("b", "ä")),
        ([str(label) for label in _Y], {}, ("0", "1", "2")),
        (_Y.astype(float), {}, ()),
        (_Y, {"values": ["n"]}, ()),
        (_X, {"values": ["n", Value("m", "kg")]}, ()),
    ],
)  # fmt: skip
def test_what_y_is_taken_for(y, named, labels):
    dataset = from_arrays(_X, y, **named)
    assert dataset.labels == labels
    assert bool(dataset.values) != bool(labels)


_MISTAKES = {
    "scalar": (lambda: from_arrays(3, _Y), "x of train has the shape ()"),
    "empty": (lambda: from_arrays(_X[:0], _Y[:0]), "x of train has the shape (0, 2)"),
    "ragged": (lambda: from_arrays([[1], [1, 2]], [0, 1]), "x of train is not an array"),
    "objects": (lambda: from_arrays(_X, [{}] * _N), "y of train is of the type object"),
    "text as x": (lambda: from_arrays(_X.astype(str), _Y), "x of train is of the type <U"),
    "complex": (lambda: from_arrays(_X + 1j, _Y), "x of train is of the type complex128"),
    "dates": (lambda: from_arrays(_X, _Y.astype("M8[s]")), "y of train is of the type datetime64"),
    "lengths": (lambda: from_arrays(_X, _Y[1:]), "has 30 x, but 29 y in train"),
    "one number": (lambda: from_arrays(_X[:, 0], _Y), "x.reshape(-1, 1)"),
    "float images": (lambda: from_arrays(_IMAGES / 255, _Y), "images are uint8, 0…255"),
    "whole images": (
        lambda: from_arrays(_IMAGES.astype(int), _Y), "at most 255, give x.astype('uint8'); else"
    ),
    "channels first": (lambda: from_arrays(np.zeros((_N, 3, 8, 8), np.uint8), _Y), "transpose(0"),
    "video": (lambda: from_arrays(np.zeros((_N, 2, 8, 8, 3), np.uint8), _Y), "give rows of"),
    "transparency": (lambda: from_arrays(np.zeros((_N, 8, 8, 4), np.uint8), _Y), "(n, h, w, 3)"),
    "nan": (lambda: from_arrays(_NAN, _Y), "x of train holds nan at x[6, 1]"),
    "infinite": (lambda: from_arrays(-np.inf * (_X + 1), _Y), "x of train holds -inf at x[0, 0]"),
    "too large": (lambda: from_arrays(_X * 1e38, _Y), "at x[2, 0]; give finite numbers up to 3.4e"),
    "nan as y": (lambda: from_arrays(_X, _NAN[:, 1]), "y of train holds nan at y[6]"),
    "negative": (lambda: from_arrays(_X, _Y - 1), "the class index -1 at index 0"),
    "gap": (lambda: from_arrays(_X, 2 * _Y), "up to 4 in y, but no example of class 1"),
    "few labels": (lambda: from_arrays(_X, _Y, labels="ab"), "class index 2 in y, but 2 labels"),
    "many labels": (lambda: from_arrays(_X, _Y, labels="abcd"), "rows of the class d,"),
    "unknown label": (lambda: from_arrays(_X, list("abc" * 10), labels="ab"), "the class 'c' in y"),
    "equal labels": (lambda: from_arrays(_X, _Y, labels="aba"), "two classes of the same name"),
    "unprintable label": (lambda: from_arrays(_X, _Y, labels=["a\x07", "c", "d"]), "not printable"),
    "half a class": (lambda: from_arrays(_X, _Y / 2, labels="ab"), "0.5 at index 1, which is no"),
    "one-hot": (lambda: from_arrays(_X, np.eye(3)[_Y]), "is one-hot, (30, 3); give class indices"),
    "one-hot indices": (lambda: from_arrays(_X, np.eye(3, dtype=int)[_Y]), "is one-hot"),
    "class pairs": (lambda: from_arrays(_X, _X.astype(int)), "has the shape (30, 2); classes are"),
    "labels and values": (lambda: from_arrays(_X, _Y, labels="abc", values="a"), "both labels and"),
    "value names": (lambda: from_arrays(_X, _X, values=["a"]), "names 1 value, but y holds 2"),
    "text as values": (lambda: from_arrays(_X, list("abc" * 10), values=["a"]), "has text as y"),
    "deep values": (lambda: from_arrays(_X, np.zeros((_N, 2, 2))), "give (n,) or (n, values)"),
    "input names": (lambda: from_arrays(_X, _Y, inputs=["a"]), "names 1 inputs, but x holds 2"),
    "equal inputs": (lambda: from_arrays(_X, _Y, inputs=["a", "a"]), "two inputs of the same name"),
    "inputs of images": (lambda: from_arrays(_IMAGES, _Y, inputs=["a"]), "but x are images"),
    "one class": (lambda: from_arrays(_X, 0 * _Y), "only one class, 0"),
    "rare class": (lambda: from_arrays(_X, _Y // 2 + (np.arange(_N) > 27)), "of the class 2, but"),
    "few": (lambda: from_arrays(_X[:2], [0.5, 1.5]), "has 2 different rows, but at least 3"),
    "repeated": (lambda: from_arrays(0 * _X, _Y), "has 1 different row of the class 0"),
    "class not tested": (lambda: from_arrays(_X, _Y, test=(_X, 0 * _Y)), "no rows of the class 1"),
    "no pair": (lambda: from_arrays(_X, _Y, test=_X), "test data that is not a pair"),
    "other width": (lambda: from_arrays(_X, _Y, test=(_X[:, :1], _Y)), "(1,) in test and (2,)"),
    "other kind": (lambda: from_arrays(_X, _Y, test=(_X, _X[:, 0])), "targets of different kinds"),
    "name": (lambda: from_arrays(_X, _Y, name="a\nb"), "has a name that has a character"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", _MISTAKES)
def test_every_mistake_is_one_sentence(mistake):
    make, part = _MISTAKES[mistake]
    with pytest.raises(ZooError) as error:
        make()
    sentence = str(error.value)
    assert part in sentence
    assert "\n" not in sentence

import numpy as np
import pytest

from zoo import ZooError
from zoo.data.dataset import SPLITS, Split, computed_dataset
from zoo.registry.tasks import Value

_X = np.arange(6, dtype=np.float32).reshape(3, 2)
_NUMBERS = np.array([0.25, 1.5, -2.0])


def _dataset(y, **described):
    return computed_dataset("d", "vector", {split: Split(_X, y) for split in SPLITS}, **described)


def _values(y, *named):
    return _dataset(y, values=[Value(*value) for value in named or [("length", "m")]])


def test_values_change_the_fingerprint_as_they_are():
    columns = [("a",), ("b",), ("c",), ("d",)]
    sets = [
        _values(_NUMBERS),
        _values(_NUMBERS + 0.2),
        _values(_NUMBERS.astype(np.float32)),
        _values(_NUMBERS[:, None]),
        _values(_NUMBERS, ("length", "cm")),
        _values(_NUMBERS, ("width", "m")),
        _values(np.zeros((3, 2, 2)), *columns),
        _values(np.zeros((3, 4)), *columns),
    ]
    assert len({dataset.fingerprint for dataset in sets}) == len(sets)
    assert _values(_NUMBERS.astype(">f8")).fingerprint == sets[0].fingerprint


def test_a_data_set_says_which_it_is_and_what_its_targets_are():
    assert _dataset(np.array([0, 1, 1]), labels=["no", "yes"]).identity().keys() == {
        "name",
        "fingerprint",
        "labels",
    }
    assert _values(_NUMBERS).identity()["values"] == [{"name": "length", "unit": "m"}]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: _dataset(_NUMBERS), "either labels or values"),
        (lambda: _dataset(_NUMBERS, labels=["a", "b"]), "labels are int64 indices"),
        (lambda: _dataset(np.array([0, 1, 2]), labels=["a", "b"]), "indices 0 to 2 for 2 labels"),
        (lambda: _dataset(np.array([0, 1]), labels=["a", "b"]), "2 targets for 3 examples"),
        (lambda: _dataset(np.array([0, 1, 1]), labels=["a", "a"]), "classes of the same name"),
        (lambda: _values(_NUMBERS, ("a", ""), ("b", "")), "not 2 numbers per example"),
        (lambda: _values(_NUMBERS * np.nan), "not finite"),
        (lambda: _values(_NUMBERS.astype(str)), "not 1 numbers per example"),
        (lambda: _values(_NUMBERS, ("a\nb", "")), "value name that has a character"),
        (lambda: _values(_NUMBERS, ("a", "m ")), "unit that begins or ends"),
    ],
)
def test_targets_that_do_not_fit_are_one_sentence(make, message):
    with pytest.raises(ZooError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)

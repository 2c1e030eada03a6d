import numpy as np
import pytest

from zoo import data
from zoo.data.curves import CURVES, curve, curve_of
from zoo.errors import ZooError

NAMES = [*(f"curve:{name}" for name in CURVES), "curve:franke"]


@pytest.mark.parametrize("name", NAMES)
def test_a_curve_is_a_data_set_of_values_by_its_name(name):
    dataset, spec = data.load(name), data.describe(name)
    assert (dataset.name, dataset.kind, dataset.values) == (name, "vector", spec.values)
    assert len(dataset.inputs) == dataset.train.x.shape[1]
    for split in (dataset.train, dataset.validation, dataset.test):
        assert split.x.dtype == split.y.dtype == np.float32
        assert split.x.shape == (len(split), len(dataset.inputs))
    again = data.load_again(dataset.identity(), data.location(name))
    assert again.fingerprint == dataset.fingerprint
    assert len({data.load(other).fingerprint for other in NAMES}) == len(NAMES)


@pytest.mark.parametrize("name", CURVES)
def test_training_points_include_the_ends_and_test_points_lie_between_them(name):
    found, dataset = CURVES[name], curve(name)
    train, validation, test = (
        split.x[:, 0].astype(np.float64)
        for split in (dataset.train, dataset.validation, dataset.test)
    )
    distance = (found.upper - found.lower) / 1024
    np.testing.assert_array_equal(train, found.lower + distance * np.arange(1025))
    np.testing.assert_array_equal(validation, train[:-1] + distance / 2)
    np.testing.assert_array_equal(test[::8], train)
    np.testing.assert_array_equal(np.diff(test), distance / 8)


def test_the_function_is_nielsens():
    """Chapter 4 of his book, at numbers computed by hand with its formula."""
    x = np.array([0.0, 0.5, 1.0])
    expected = [
        0.25,
        0.2 + 0.1 + 0.15 * np.sin(7.5) + 0.05 * np.cos(25),
        0.6 + 0.3 * np.sin(15) + 0.05 * np.cos(50),
    ]
    np.testing.assert_allclose(CURVES["nielsen"].function(x), expected, atol=1e-12)


@pytest.mark.parametrize("name", CURVES)
def test_derivatives_are_those_of_the_function(name):
    found = CURVES[name]
    # Beside 0, where |x| and the step have a kink.
    x = np.linspace(found.lower + 0.013, found.upper - 0.013, 997)
    h = 1e-5
    pairs = ((found.function, found.slope), (found.slope, found.curvature))
    for function, derivative in pairs:
        if derivative is not None:
            numerical = (function(x + h) - function(x - h)) / (2 * h)
            np.testing.assert_allclose(derivative(x), numerical, atol=1e-4)
    assert (found.slope is None, found.curvature is None) == {
        "step": (True, True),
        "abs": (False, True),
    }.get(name, (False, False))


@pytest.mark.parametrize("name", CURVES)
@pytest.mark.parametrize("pieces", [10, 40])
def test_the_bounds_hold_and_are_not_far_from_the_error(name, pieces):
    found = CURVES[name]
    x = np.linspace(found.lower, found.upper, 40_001)
    y = found.function(x)
    ends = np.linspace(found.lower, found.upper, pieces + 1)
    linear = np.interp(x, ends, found.function(ends))
    middles = (ends[:-1] + ends[1:]) / 2
    piece = np.minimum(np.searchsorted(ends, x, side="right") - 1, pieces - 1)
    constant = found.function(middles)[piece]
    for approximation, bound in (
        (linear, found.piecewise_linear_bound(pieces)),
        (constant, found.piecewise_constant_bound(pieces)),
    ):
        error = np.abs(y - approximation).max()
        if bound is not None:
            assert bound / 6 < error <= bound + 1e-9


def test_frankes_function_has_two_hills_and_a_hollow():
    dataset = data.load("curve:franke")
    assert [len(split) for split in (dataset.train, dataset.validation, dataset.test)] == [
        65**2,
        64**2,
        129**2,
    ]
    x, y = dataset.test.x, dataset.test.y
    highest, lowest = x[y.argmax()], x[y.argmin()]
    # As in the figure of Franke's report: the higher hill at about (0.2, 0.2), height 1.22.
    np.testing.assert_allclose(highest, [0.2, 0.2], atol=0.02)
    assert y.max() == pytest.approx(1.22, abs=0.01)
    assert lowest[1] > 0.6


def test_a_curve_is_found_by_its_data_set():
    assert curve_of("curve:runge") is CURVES["runge"]
    assert curve_of("runge") is curve_of("curve:franke") is None
    with pytest.raises(ZooError, match="did you mean curve:nielsen"):
        data.load("curve:nielson")
    with pytest.raises(ZooError, match="did you mean runge"):
        curve("rung")

import numpy as np
import pytest

from zoo import data
from zoo.data.points import BLOBS_BIAS, BLOBS_MARGIN, BLOBS_RADIUS, BLOBS_WEIGHTS
from zoo.errors import ZooError


def test_blobs_keep_their_margin():
    blobs = data.load("blobs")
    assert np.linalg.norm(BLOBS_WEIGHTS) == pytest.approx(1, abs=1e-12)
    sizes = []
    for split in (blobs.train, blobs.validation, blobs.test):
        x = split.x.astype(np.float64)
        signed = (x @ np.array(BLOBS_WEIGHTS) + BLOBS_BIAS) * (2 * split.y - 1)
        assert split.x.dtype == np.float32
        assert signed.min() >= BLOBS_MARGIN
        assert np.linalg.norm(x, axis=1).max() <= BLOBS_RADIUS
        assert split.y.sum() * 2 == len(split)
        sizes.append(len(split))
    assert sizes == [400, 100, 500]


def test_no_point_of_the_blobs_is_in_two_splits():
    blobs = data.load("blobs")
    points = np.concatenate([blobs.train.x, blobs.validation.x, blobs.test.x])
    assert len(np.unique(points, axis=0)) == len(points)


@pytest.mark.parametrize("inputs", [1, 2, 3, 50])
@pytest.mark.parametrize(("margin", "radius"), [(0.01, 1.0), (0.5, 1.0), (9.0, 10.0)])
def test_separable_keeps_margin_and_radius(inputs, margin, radius):
    x, y, weights, bias = data.separable(500, inputs, margin, radius, seed=3)
    assert (x.shape, x.dtype, y.dtype) == ((500, inputs), np.float32, np.int64)
    exact = x.astype(np.float64)
    assert np.linalg.norm(weights) == pytest.approx(1, abs=1e-12)
    assert ((exact @ weights + bias) * (2 * y - 1)).min() >= margin
    assert np.linalg.norm(exact, axis=1).max() <= radius
    assert y.sum() == 250


def test_separable_is_a_function_of_the_seed():
    first, again, other = (data.separable(20, seed=seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("seed", range(5))
def test_rosenblatts_rule_stays_within_novikoffs_bound(seed):
    margin, radius = 0.1, 1.0
    x, y, _, bias = data.separable(200, 2, margin, radius, seed)
    inputs = np.column_stack([x, np.ones(len(x))])
    learned = np.zeros(3)
    mistakes, wrong = 0, True
    while wrong:
        wrong = False
        for row, target in zip(inputs, y, strict=True):
            error = target - (learned @ row >= 0)
            learned += error * row
            mistakes += error != 0
            wrong |= error != 0
    assert 0 < mistakes <= (radius**2 + 1) * (1 + bias**2) / margin**2


@pytest.mark.parametrize(
    "arguments",
    [
        {"examples": 1},
        {"examples": 10, "inputs": 0},
        {"examples": 10, "margin": 0},
        {"examples": 10, "margin": 1.0},
        {"examples": 10, "radius": -1.0},
        {"examples": 10, "margin": float("nan")},
    ],
)
def test_separable_refuses_what_cannot_be(arguments):
    with pytest.raises(ZooError, match="give"):
        data.separable(**arguments)

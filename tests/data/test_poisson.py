import numpy as np
import pytest

from zoo import data
from zoo.data.poisson import on_interval, on_square

SPLITS = ("train", "validation", "test")


@pytest.mark.parametrize(
    ("name", "axes", "counts"),
    [("poisson", 1, (100, 100, 501)), ("poisson_square", 2, (1024, 256, 10_201))],
)
def test_points_cover_the_domain_and_values_are_the_closed_form(name, axes, counts):
    dataset = data.load(name)
    assert len(dataset.inputs) == axes
    solution = {1: on_interval, 2: on_square}[axes]
    for split, count in zip(SPLITS, counts, strict=True):
        part = getattr(dataset, split)
        assert part.x.shape == (count, axes)
        assert part.x.dtype == part.y.dtype == np.float32
        assert 0 <= part.x.min() <= part.x.max() <= 1
        np.testing.assert_allclose(part.y, solution(part.x.astype(np.float64)), atol=1e-7)
        # One point in each of as many equal cells.
        per_axis = round(count ** (1 / axes))
        if split != "test":
            cells = np.floor(part.x * per_axis).clip(max=per_axis - 1)
            assert len(np.unique(cells, axis=0)) >= 0.99 * count
    points = np.concatenate([dataset.train.x, dataset.validation.x])
    assert len(np.unique(points, axis=0)) == sum(counts[:2])


@pytest.mark.parametrize("name", ["poisson", "poisson_square"])
def test_the_test_points_are_a_grid_with_the_boundary_where_u_is_0(name):
    test = data.load(name).test
    along = [np.unique(column) for column in test.x.T]
    assert np.prod([len(values) for values in along]) == len(test)
    boundary = ((test.x == 0) | (test.x == 1)).any(axis=1)
    assert boundary.sum() == {"poisson": 2, "poisson_square": 400}[name]
    np.testing.assert_allclose(test.y[boundary], 0, atol=1e-6)
    assert np.abs(test.y).max() == pytest.approx(1, abs=0.1)

import numpy as np
import pytest

from zoo import data
from zoo.data.shape_boxes import LARGEST_SIDE, SMALLEST_SIDE


@pytest.fixture(scope="module")
def dataset():
    return data.load("shape_boxes")


def test_sizes_types_and_values(dataset):
    assert [value.name for value in dataset.values] == ["left", "top", "right", "bottom"]
    assert [len(dataset.train), len(dataset.validation), len(dataset.test)] == [20000, 5000, 10000]
    assert (dataset.train.x.dtype, dataset.train.x.shape[1:]) == (np.uint8, (20, 20, 3))
    assert (dataset.train.y.dtype, dataset.train.y.shape[1:]) == (np.float32, (4,))


def test_the_box_is_around_what_is_drawn(dataset):
    lit = dataset.test.x[..., 0] == 255
    boxes = 20 * dataset.test.y.astype(np.float64)
    for axis, (low, high) in ((2, (0, 2)), (1, (1, 3))):
        covered = lit.any(axis=3 - axis)
        first = covered.argmax(axis=1)
        last = 20 - covered[:, ::-1].argmax(axis=1)
        # A cell is lit if its centre is inside: the box reaches past every such centre. A corner
        # that is turned may end between centres.
        assert (boxes[:, low] <= first + 0.5).all()
        assert (boxes[:, high] >= last - 0.5).all()
        assert np.abs(boxes[:, low] - first).max() < 2
        assert np.abs(boxes[:, high] - last).max() < 2
        assert np.abs((boxes[:, low] + boxes[:, high] - first - last) / 2).mean() < 0.3


def test_boxes_are_inside_and_of_all_sizes(dataset):
    left, top, right, bottom = dataset.train.y.T
    assert min(left.min(), top.min()) >= 0
    assert max(right.max(), bottom.max()) <= 1
    widths = 20 * (right - left)
    np.testing.assert_allclose(widths, 20 * (bottom - top), atol=1e-4)
    # A circle of this area, and a square that stands on its corner.
    assert SMALLEST_SIDE <= widths.min() < SMALLEST_SIDE + 0.2
    assert LARGEST_SIDE * np.sqrt(2) - 0.2 < widths.max() <= LARGEST_SIDE * np.sqrt(2)

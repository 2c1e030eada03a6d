import numpy as np
import pytest

from zoo import data
from zoo.errors import ZooError

CIRCLE, SQUARE = 0, 1


@pytest.fixture(scope="module")
def drawn():
    x, y = data.shapes(6000, "train")
    return x[..., 0] == 255, y


def test_sizes_types_and_labels():
    dataset = data.load("shapes")
    assert dataset.labels == ("circle", "square")
    splits = (dataset.train, dataset.validation, dataset.test)
    assert [len(split) for split in splits] == [20_000, 5_000, 10_000]
    for split in splits:
        assert (split.x.shape[1:], split.x.dtype) == ((20, 20, 3), np.uint8)
        assert split.y.mean() == pytest.approx(0.5, abs=0.02)


def test_white_on_black_and_gray():
    x, _ = data.shapes(100)
    assert set(np.unique(x)) == {0, 255}
    assert (x == x[..., :1]).all()


@pytest.mark.parametrize("count", [1, 7, 2000, 2001])
def test_each_shape_is_a_function_of_seed_split_and_index(count):
    x, y = data.shapes(4500, "test", seed=5)
    fewer_x, fewer_y = data.shapes(count, "test", seed=5)
    assert np.array_equal(fewer_x, x[:count])
    assert np.array_equal(fewer_y, y[:count])


def test_splits_and_seeds_differ():
    drawings = [
        data.shapes(50, split, seed)[0]
        for split in ("train", "validation", "test")
        for seed in (1, 2)
    ]
    assert len({drawing.tobytes() for drawing in drawings}) == len(drawings)


def test_shapes_are_wholly_inside(drawn):
    lit, _ = drawn
    # A shape cut off by the border would miss area: 12² is the smallest that is drawn. Cells are
    # all or nothing, which moves the count of a turned square by up to half its side or so.
    area = lit.sum((1, 2))
    assert area.min() >= 144 - 8
    assert area.max() <= 169 + 8
    # The outermost cells' centres are half a cell from the border, and only a circle's edge or a
    # square's corner comes near: never a whole side.
    for edge in (lit[:, 0], lit[:, -1], lit[:, :, 0], lit[:, :, -1]):
        assert edge.sum(1).max() <= 3


def test_counting_lit_cells_does_not_tell_them_apart(drawn):
    lit, y = drawn
    area = lit.sum((1, 2))
    guesses = [((area >= at) == y).mean() for at in range(area.min(), area.max() + 1)]
    assert 0.46 < min(guesses) < max(guesses) < 0.54


def test_where_they_stand_does_not_tell_them_apart(drawn):
    lit, y = drawn
    cells = np.arange(20) + 0.5
    for axis in (1, 2):
        middle = (lit.sum(axis) * cells).sum(1) / lit.sum((1, 2))
        for statistic in (np.mean, np.std):
            circles, squares = (statistic(middle[y == label]) for label in (CIRCLE, SQUARE))
            assert circles == pytest.approx(squares, abs=0.15)


def test_corners_tell_them_apart(drawn):
    lit, y = drawn
    rows, columns = np.mgrid[:20, :20] + 0.5
    area = lit.sum((1, 2))
    down, across = ((lit * places).sum((1, 2)) / area for places in (rows, columns))
    distance = (rows - down[:, None, None]) ** 2 + (columns - across[:, None, None]) ** 2
    # Of shapes of one area the circle reaches least far from its middle: r² = area / π.
    reach = np.where(lit, distance, 0).max((1, 2)) * np.pi / area
    assert ((reach >= 1.25) == (y == SQUARE)).mean() > 0.95


@pytest.mark.parametrize(
    "arguments", [{"examples": 0}, {"examples": 5, "seed": -1}, {"examples": 5, "split": "tets"}]
)
def test_bad_arguments_are_refused(arguments):
    with pytest.raises(ZooError, match=r"give|test"):
        data.shapes(**arguments)

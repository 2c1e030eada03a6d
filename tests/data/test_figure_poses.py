"""Drawn people, cut out: the joints are where the drawing has them."""

import numpy as np
import pytest

from zoo import data
from zoo.data.figure_poses import VIEWS, views_of
from zoo.data.figures import PICTURE_SIZE, figure
from zoo.data.person_views import MARGIN, SIZE
from zoo.registry.tasks.pictures import JOINTS, POSE


def test_the_values_are_those_of_a_pose():
    assert tuple(value.name for value in data.describe("figure_poses").values) == POSE


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("index", [0, 1, 7])
def test_the_first_view_is_the_square_around_the_joints(split, index):
    pictures, coordinates = views_of(split, index)
    assert len(pictures) == len(coordinates) == (VIEWS if split == "train" else 1)
    drawn = figure(split, index, PICTURE_SIZE)
    joints = np.array([drawn.joints[name] for name in JOINTS])
    low, high = joints.min(axis=0), joints.max(axis=0)
    side = MARGIN * (high - low).max()
    expected = (joints - (low + high) / 2) / side + 0.5
    np.testing.assert_allclose(coordinates[0].reshape(-1, 2), expected, atol=1e-5)
    differences = []
    # The colour at a joint is that of the drawing, but for the resize.
    for (x, y), (a, b) in zip(joints, expected, strict=True):
        large = drawn.pixels[int(y), int(x)].astype(float)
        small = pictures[0][int(b * SIZE), int(a * SIZE)].astype(float)
        differences.append(np.abs(large - small).mean())
    assert np.median(differences) < 25


def test_views_follow_from_split_and_index():
    first, again, other = (views_of("train", index) for index in (3, 3, 4))
    for one, same in zip(first[0], again[0], strict=True):
        np.testing.assert_array_equal(one, same)
        assert (one.shape, one.dtype) == ((SIZE, SIZE, 3), np.uint8)
    assert (first[0][0] != other[0][0]).any()
    assert (first[0][1] != first[0][2]).any()
    assert (views_of("test", 3)[0][0] != first[0][0]).any()

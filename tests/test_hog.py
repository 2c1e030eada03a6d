"""The histograms of oriented gradients that joint_classifier is compared with."""

import numpy as np
import pytest
from records.hog import ORIENTATIONS, hog


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), np.uint8)


@pytest.mark.parametrize(("cell", "blocks"), [(8, 3), (4, 7)])
def test_blocks_of_unit_length(noise, cell, blocks):
    found = hog(noise, cell)
    assert found.shape == (5, blocks * blocks * 4 * ORIENTATIONS)
    lengths = np.linalg.norm(found.reshape(5, blocks * blocks, -1), axis=2)
    np.testing.assert_allclose(lengths, 1, atol=1e-4)


@pytest.mark.parametrize(("degrees", "nearest"), [(0, (8, 0)), (50, (2,)), (90, (4,)), (130, (6,))])
def test_a_ramp_votes_for_its_orientation(degrees, nearest):
    rows, columns = np.mgrid[:32, :32]
    angle = np.deg2rad(degrees)
    ramp = 128 + 3 * (np.cos(angle) * (columns - 16) + np.sin(angle) * (rows - 16))
    image = np.repeat(ramp[..., None], 3, axis=2).astype(np.uint8)[None]
    # The block in the middle, whose pixels have two neighbours on each axis.
    block = hog(image, 8).reshape(3, 3, 4, ORIENTATIONS)[1, 1].sum(axis=0)
    assert set(np.argsort(block)[-len(nearest) :]) == set(nearest)


def test_brightness_and_contrast_do_not_matter(noise):
    half = noise // 2
    np.testing.assert_allclose(hog(half, 8), hog(half + 100, 8), atol=1e-6)
    np.testing.assert_allclose(hog(half, 8), hog(2 * half, 8), atol=1e-5)

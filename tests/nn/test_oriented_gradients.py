"""Histograms of oriented gradients, against a computation pixel by pixel."""

import keras
import numpy as np
import pytest

from zoo.errors import ZooError
from zoo.nn.oriented_gradients import OrientedGradients, gradient_preprocessing
from zoo.nn.preprocessing import LUMA

CELL, ORIENTATIONS = 4, 8


@pytest.fixture(scope="module")
def photos():
    return np.random.default_rng(0).integers(0, 256, (3, 18, 14, 3), np.uint8)


def by_hand(photo):
    """Return the features of one photo, from loops over pixels and cells."""
    luma = photo.astype(float) @ np.array(LUMA)
    height, width = luma.shape[0] - 2, luma.shape[1] - 2
    votes = np.zeros((height, width, ORIENTATIONS))
    for row in range(height):
        for column in range(width):
            x = luma[row + 1, column + 2] - luma[row + 1, column]
            y = luma[row + 2, column + 1] - luma[row, column + 1]
            angles = 2 * np.pi * np.arange(ORIENTATIONS) / ORIENTATIONS
            along = x * np.cos(angles) + y * np.sin(angles)
            votes[row, column] = np.maximum(along - np.sqrt(0.5) * along.max(), 0)
    rows, columns = height // CELL, width // CELL
    cells = votes.reshape(rows, CELL, columns, CELL, -1).mean((1, 3))
    energy = cells.sum(-1)
    found = np.zeros((rows, columns, ORIENTATIONS + 3))
    for row in range(rows):
        for column in range(columns):
            top, left = max(row - 1, 0), max(column - 1, 0)
            nearby = energy[top : row + 2, left : column + 2].mean()
            found[row, column, :-3] = np.sqrt(cells[row, column] / (nearby + 4) + 1e-4)
    inside = photo[1:-1, 1:-1].astype(float).reshape(rows, CELL, columns, CELL, 3)
    found[..., -3:] = inside.mean((1, 3)) / 127.5 - 1
    return found


def test_features_equal_those_computed_by_hand(photos):
    found = np.asarray(OrientedGradients(CELL, ORIENTATIONS)(photos))
    assert found.shape == (3, 4, 3, ORIENTATIONS + 3)
    for photo, features in zip(photos, found, strict=True):
        np.testing.assert_allclose(features, by_hand(photo), atol=2e-5)


def test_an_edge_counts_for_its_own_orientation():
    photo = np.zeros((1, 10, 10, 3), np.uint8)
    photo[:, :, 5:] = 200
    gradients = np.asarray(OrientedGradients(CELL, ORIENTATIONS)(photo))[0, ..., :-3]
    assert (gradients.argmax(-1) == 0).all()
    turned = np.asarray(OrientedGradients(CELL, ORIENTATIONS)(photo.swapaxes(1, 2)))[0, ..., :-3]
    assert (turned.argmax(-1) == 2).all()


def test_gradients_do_not_depend_on_brightness(photos):
    layer = OrientedGradients(CELL, ORIENTATIONS)
    dark, bright = (np.asarray(layer(photos // 2 + more))[..., :-3] for more in (0, 100))
    np.testing.assert_allclose(dark, bright, atol=1e-4)


def test_it_is_saved_and_loaded(photos, tmp_path):
    image = keras.Input((18, 14, 3), dtype="uint8")
    model = keras.Model(image, OrientedGradients(CELL, ORIENTATIONS)(image))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(photos), model(photos))
    assert tuple(model.output_shape) == (None, 4, 3, ORIENTATIONS + 3)


@pytest.mark.parametrize("size", [-4, 0, 30])
def test_other_sizes_are_refused(size):
    with pytest.raises(ZooError, match="give a multiple of 4"):
        gradient_preprocessing(size)


@pytest.mark.parametrize("arguments", [(0, 8), (4, 3)])
def test_too_small_cells_are_refused(arguments):
    with pytest.raises(ZooError, match="give cells from 1 pixel"):
        OrientedGradients(*arguments)

"""Dense layers of which each unit sees one patch of the photo."""

import keras
import numpy as np
import pytest

import zoo
from zoo.errors import ZooError
from zoo.nn.patches import PatchConstraint, PatchInitializer, patch_corners
from zoo.registry.recipes import Recipe

SIZE, PATCH, UNITS = 12, 5, 80


def expected_mask(channels):
    rows, columns = patch_corners(SIZE, UNITS, PATCH)
    mask = np.zeros((SIZE, SIZE, channels, UNITS), bool)
    for unit, (row, column) in enumerate(zip(rows, columns, strict=True)):
        mask[row : row + PATCH, column : column + PATCH, :, unit] = True
    return mask.reshape(-1, UNITS)


@pytest.mark.parametrize(("size", "patch"), [(32, 10), (32, 1), (32, 31), (32, 32), (7, 3), (1, 1)])
def test_every_pixel_is_in_a_patch_and_every_patch_in_the_photo(size, patch):
    rows, columns = patch_corners(size, 10_000, patch)
    assert rows.min() >= 0
    assert columns.min() >= 0
    assert rows.max() + patch <= size
    assert columns.max() + patch <= size
    seen = np.zeros((size, size), bool)
    for row, column in zip(rows, columns, strict=True):
        seen[row : row + patch, column : column + patch] = True
    assert seen.all()


@pytest.mark.parametrize("channels", [1, 3])
def test_the_constraint_keeps_only_the_weights_of_the_patches(channels):
    kernel = np.random.default_rng(0).standard_normal((SIZE * SIZE * channels, UNITS), np.float32)
    found = np.asarray(PatchConstraint(SIZE, PATCH)(keras.ops.convert_to_tensor(kernel)))
    np.testing.assert_array_equal(found, np.where(expected_mask(channels), kernel, 0))


def test_initial_weights_have_the_variance_of_he():
    shape = (SIZE * SIZE * 3, UNITS)
    kernel = np.asarray(PatchInitializer(SIZE, PATCH, seed=3)(shape))
    mask = expected_mask(3)
    assert (kernel[mask] != 0).all()
    assert not kernel[~mask].any()
    assert kernel[mask].var() == pytest.approx(2 / (PATCH * PATCH * 3), rel=0.05)
    np.testing.assert_array_equal(kernel, np.asarray(PatchInitializer(SIZE, PATCH, seed=3)(shape)))


@pytest.mark.parametrize("kind", [PatchConstraint, PatchInitializer])
def test_config_restores_the_object(kind):
    restored = kind.from_config(kind(SIZE, PATCH).get_config())
    assert (restored.size, restored.patch) == (SIZE, PATCH)


# 172,800 weights, which are updated in one compiled function, and 4,800, which Keras updates.
@pytest.mark.parametrize("width", [400, 8])
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_weights_outside_of_the_patches_stay_zero(optimizer, width, small_photos, tmp_path):
    options = {"patch": PATCH, "size": SIZE, "width": width, "depth": 1}
    recipe = Recipe(2, 64, 0.01, optimizer=optimizer, averaging=0.5, options=options)
    place = {"dataset": "photos", "data_dir": small_photos}
    zoo.train("deep_relu", recipe=recipe, run_dir=tmp_path, **place)
    kernel = zoo.load_model(tmp_path).get_layer("head").layers[0].kernel.numpy()
    inside = np.asarray(PatchConstraint(SIZE, PATCH)(keras.ops.ones(kernel.shape))) > 0
    assert not kernel[~inside].any()
    assert (kernel[inside] != 0).mean() > 0.99


@pytest.mark.parametrize("options", [{"patch": 32}, {"patch": 99}, {"patch": 10, "inputs": 4}])
def test_a_patch_as_large_as_the_photo_is_the_whole_photo(options):
    first = zoo.build("deep_relu", width=4, **options).get_layer("head").layers[0]
    assert first.kernel_constraint is None
    assert np.asarray(first.kernel).all()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"patch": -1}, "Option 'patch' is -1; give 0"),
        ({"patch": 5, "depth": 0}, "there is no hidden layer"),
    ],
)
def test_patches_that_are_impossible_are_refused(options, reason):
    with pytest.raises(ZooError, match=reason):
        zoo.build("deep_relu", **options)


@pytest.mark.parametrize("patch", [0, 6])
def test_a_layer_s_patch_is_not_empty_and_inside_the_photo(patch):
    with pytest.raises(ZooError, match="is not inside a photo of 5 × 5; give a whole number"):
        PatchConstraint(5, patch)

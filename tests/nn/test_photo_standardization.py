"""Photos scaled by their own mean and deviation: the answer does not depend on the light."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from zoo.nn.preprocessing import PhotoStandardization, image_preprocessing

NAMES = [name for name in zoo.list_models() if "standardize_photos" in zoo.describe(name).options]
# Of a photo 0…100, exact in uint8.
LIGHTS = [(1, 90), (2, 0), (2, 50), (2, 55)]


@pytest.fixture(scope="module")
def photos():
    return np.random.default_rng(0).integers(0, 101, (6, 40, 50, 3)).astype("uint8")


def in_light(photos, gain, offset):
    return (gain * photos.astype(int) + offset).astype("uint8")


@pytest.mark.parametrize("low", [0, 250])
def test_it_is_what_tensorflow_computes_of_one_photo(low):
    images = np.random.default_rng(1).integers(low, 256, (4, 9, 7, 3)).astype("uint8")
    expected = tf.map_fn(tf.image.per_image_standardization, tf.cast(images, tf.float32))
    np.testing.assert_allclose(PhotoStandardization()(images), expected, atol=1e-5)


@pytest.mark.parametrize("light", LIGHTS)
@pytest.mark.parametrize("grayscale", [False, True])
def test_features_do_not_depend_on_an_affine_change_of_light(light, grayscale, photos):
    layer = image_preprocessing(16, grayscale, standardize=True)
    features = layer(photos).numpy()
    np.testing.assert_allclose(features.mean(axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(features.std(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(layer(in_light(photos, *light)), features, atol=1e-5)


@pytest.mark.parametrize("level", [0, 77, 255])
def test_a_photo_of_one_color_has_features_of_zero(level):
    photo = np.full((1, 33, 21, 3), level, "uint8")
    features = image_preprocessing(16, grayscale=True, standardize=True)(photo)
    # A resize sums to one level only up to rounding, which the smallest deviation keeps small.
    np.testing.assert_allclose(features, 0, atol=5e-3)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("light", LIGHTS)
def test_a_model_s_answer_does_not_depend_on_the_light_unless_told(name, light, photos):
    keras.utils.set_random_seed(0)
    model = zoo.build(name, standardize_photos=True)
    plain = zoo.build(name)
    for weight, value in zip(plain.weights, model.weights, strict=True):
        # Some weights begin at 0, which would make all answers equal.
        weight.assign(keras.random.normal(value.shape, stddev=0.05))
        value.assign(weight)
    changed = in_light(photos, *light)
    answers = model.predict(photos, verbose=0)
    np.testing.assert_allclose(model.predict(changed, verbose=0), answers, atol=1e-4)
    moved = plain.predict(changed, verbose=0) - plain.predict(photos, verbose=0)
    assert np.abs(moved).max() > 1e-2


def test_it_computes_in_float32_under_any_precision_and_is_saved(photos, tmp_path):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = zoo.build("deep_relu", depth=1, width=8, standardize_photos=True)
    finally:
        keras.config.set_dtype_policy("float32")
    features = model.get_layer("preprocessing")(photos)
    assert features.dtype == "float32"
    plain = image_preprocessing(32, grayscale=False, standardize=True)(photos)
    np.testing.assert_array_equal(features, plain)
    model.save(tmp_path / "model.keras")
    loaded = zoo.load_model(tmp_path)
    np.testing.assert_array_equal(loaded.get_layer("preprocessing")(photos), features)

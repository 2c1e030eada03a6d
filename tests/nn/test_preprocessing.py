import keras
import numpy as np
import pytest
from PIL import Image

from zoo import ZooError
from zoo.nn.preprocessing import AntialiasedResize, Grayscale, Photocells, image_preprocessing


@pytest.mark.parametrize("before", [(32, 32), (96, 96), (375, 500), (500, 375), (20, 33), (1, 1)])
@pytest.mark.parametrize("after", [(64, 64), (32, 32), (20, 20), (7, 90)])
def test_resize_equals_keras_s_antialiased_bilinear_resize(before, after):
    images = np.random.default_rng(0).random((2, *before, 3), "float32")
    expected = keras.ops.image.resize(images, after, interpolation="bilinear", antialias=True)
    np.testing.assert_allclose(AntialiasedResize(*after)(images), expected, atol=2e-6)


def test_a_resize_to_the_same_size_changes_nothing():
    images = np.random.default_rng(1).integers(0, 256, (2, 32, 32, 3)).astype("uint8")
    np.testing.assert_array_equal(AntialiasedResize(32, 32)(images), images)


def test_gray_is_pillow_s_luma_to_its_rounding():
    photo = np.random.default_rng(2).integers(0, 256, (16, 16, 3)).astype("uint8")
    gray = Grayscale()(photo[None])[0, :, :, 0]
    np.testing.assert_allclose(gray, np.asarray(Image.fromarray(photo).convert("L")), atol=1.0)


def test_photocells_fire_from_half_light_up():
    light = np.array([[0, 127, 128, 255]], "uint8").reshape(1, 2, 2, 1)
    assert Photocells()(light).numpy().ravel().tolist() == [0, 0, 1, 1]


def test_pixels_end_between_minus_one_and_one_in_float32_under_any_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        layer = image_preprocessing(8, grayscale=True)
        y = layer(np.full((1, 30, 40, 3), 255, "uint8"))
    finally:
        keras.config.set_dtype_policy("float32")
    assert y.shape == (1, 64)
    assert y.dtype == "float32"
    np.testing.assert_allclose(y, 1.0, atol=1e-6)


def test_a_size_below_one_is_refused():
    with pytest.raises(ZooError, match="0×5"):
        AntialiasedResize(0, 5)

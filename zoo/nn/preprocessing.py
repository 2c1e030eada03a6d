"""Preprocessing layers for photos, part of every image model: gray, resize, scale, flatten.

They compute in float32 under every precision policy, so that an exported model gets the same
features as in training.
"""

import math
from typing import Any

import keras
from keras import ops

from zoo.errors import ZooError

# ITU-R BT.601 luma, the weights of Pillow's mode "L".
LUMA = (0.299, 0.587, 0.114)


class Float32Layer(keras.layers.Layer):
    """A layer without weights that computes in float32 under a mixed-precision policy."""

    def __init__(self, **kwargs):
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)


@keras.saving.register_keras_serializable("zoo")
class Grayscale(Float32Layer):
    """Convert RGB to luma, Y = 0.299 R + 0.587 G + 0.114 B: (batch, h, w, 3) → (batch, h, w, 1).

    Takes uint8 or float pixels in any range and keeps the range.
    """

    def call(self, images):
        """Return float32 luma."""
        images = ops.cast(images, "float32")
        return ops.sum(images * ops.array(LUMA, dtype="float32"), axis=-1, keepdims=True)

    def compute_output_shape(self, input_shape):
        """Return the shape with one channel."""
        return (*input_shape[:-1], 1)


@keras.saving.register_keras_serializable("zoo")
class AntialiasedResize(Float32Layer):
    """Resize images to height × width by antialiased bilinear interpolation.

    Per axis, from n pixels to m: c = (range(m) + ½) n/m;
    w[j, i] = relu(1 − |c[j] − (i + ½)| / max(n/m, 1)), each row divided by its sum;
    image ↦ W_y · X · W_xᵀ. It uses only operations that every exporter supports at any input size.

    Args:
        height: of the result, at least 1.
        width: of the result, at least 1.
    """

    def __init__(self, height, width, **kwargs):
        super().__init__(**kwargs)
        if height < 1 or width < 1:
            raise ZooError(f"Photos cannot be resized to {height}×{width}; give sizes from 1 up.")
        self.height = height
        self.width = width

    def call(self, images):
        """Return float32 images of shape (batch, height, width, channels)."""
        images = ops.cast(images, "float32")
        if tuple(images.shape[1:3]) == (self.height, self.width):
            # Both matrices would be the identity.
            return images
        shape = ops.shape(images)
        rows = _resize_matrix(shape[1], self.height)
        columns = _resize_matrix(shape[2], self.width)
        planes = ops.transpose(images, (0, 3, 1, 2))
        planes = ops.matmul(rows, ops.matmul(planes, ops.transpose(columns)))
        return ops.transpose(planes, (0, 2, 3, 1))

    def compute_output_shape(self, input_shape):
        """Return the shape after the resize."""
        return (input_shape[0], self.height, self.width, input_shape[3])

    def get_config(self):
        """Return the constructor's arguments."""
        return {**super().get_config(), "height": self.height, "width": self.width}


@keras.saving.register_keras_serializable("zoo")
class Photocells(Float32Layer):
    """Threshold pixels 0…255 at half intensity: 1 from 127.5 up, 0 below (slide 3)."""

    def call(self, images):
        """Return float32 zeros and ones of the same shape."""
        return ops.cast(ops.cast(images, "float32") >= 127.5, "float32")


@keras.saving.register_keras_serializable("zoo")
class PhotoStandardization(Float32Layer):
    """Scale each photo to mean 0 and deviation 1 over all its pixels and channels.

    x ↦ (x − mean) / max(deviation, 1/√n) for n numbers 0…255 per photo, as
    `tf.image.per_image_standardization`; the bound is for photos of one colour. For every a > 0 and
    b, the photo a x + b has the same result.
    """

    def call(self, images):
        """Return float32 photos of the same shape, (batch, h, w, channels), which is static."""
        images = ops.cast(images, "float32")
        centred = images - ops.mean(images, axis=(1, 2, 3), keepdims=True)
        variance = ops.mean(ops.square(centred), axis=(1, 2, 3), keepdims=True)
        # The bound 1/√n, squared.
        least = 1.0 / ops.cast(math.prod(images.shape[1:]), "float32")
        return centred / ops.sqrt(ops.maximum(variance, least))


def image_input() -> keras.KerasTensor:
    """Return the input of every image model: raw pixels, uint8 0…255, (batch, h, w, 3)."""
    return keras.Input((None, None, 3), dtype="uint8", name="image")


def image_preprocessing(
    size: int,
    grayscale: bool,
    *,
    standardize: bool = False,
    scale: float = 1 / 127.5,
    offset: float = -1.0,
) -> keras.Sequential:
    """Return the layer `preprocessing`: (gray →) size × size → scale · pixel + offset → flatten.

    Args:
        size: height and width after the resize, at least 1.
        grayscale: convert to luma if true, else keep the three colour channels.
        standardize: scale each photo by its own mean and deviation instead, see
            `PhotoStandardization`.
        scale: factor for the pixels, which are 0…255.
        offset: added after scaling; the defaults give −1…1.
    """
    layers = [Grayscale()] if grayscale else []
    scaling = (
        PhotoStandardization()
        if standardize
        else keras.layers.Rescaling(scale, offset, dtype="float32")
    )
    layers += [AntialiasedResize(size, size), scaling, keras.layers.Flatten(dtype="float32")]
    return keras.Sequential(layers, name="preprocessing")


def preprocessing_of(model: keras.Model) -> keras.layers.Layer | None:
    """Return the layer `preprocessing` of a model, or None for a model of vectors."""
    return next((layer for layer in model.layers if layer.name == "preprocessing"), None)


def _resize_matrix(before: Any, after: int) -> keras.KerasTensor:
    """Return the (after, before) matrix of triangle-filter weights of one axis."""
    before = ops.cast(before, "float32")
    ratio = before / after
    centres = (ops.arange(after, dtype="float32") + 0.5) * ratio
    pixels = ops.arange(before, dtype="float32") + 0.5
    distance = ops.abs(ops.expand_dims(centres, 1) - ops.expand_dims(pixels, 0))
    weights = ops.relu(1.0 - distance / ops.maximum(ratio, 1.0))
    return weights / ops.sum(weights, axis=1, keepdims=True)

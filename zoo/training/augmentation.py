"""Data augmentation of training photos inside the TensorFlow graph.

The parameters of each photo's transform are sampled on the host and depend only on (seed, epoch,
index), not on the batch, the number of replicas, or whether the training was resumed.

Mixup and cutmix blend two photos into one with both labels. Each example of an epoch has a partner;
a batch of n is read as 2n rows, each example followed by its partner, so that the shard of each
replica has complete pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import tensorflow as tf

from zoo.registry.augmentation import Augmentation

# The preprocessing maps this gray to 0.
_GRAY = 127.5
_WHITE = 255.0
_TRANSFORM_COLUMNS = 8
_LIGHT_COLUMNS = 2
_BLEND_COLUMNS = 4
# Independent streams of random numbers.
_TRANSFORMS, _BLENDS, _PARTNERS, _LIGHTS = 1, 2, 3, 4


class Augmenter:
    """Applies an `Augmentation` to batches of photos of one size.

    Args:
        augmentation: the transforms and their amounts.
        epochs: number of epochs of the whole training, of which the last are without mixup and
            cutmix if `augmentation` says so.
    """

    def __init__(self, augmentation: Augmentation, epochs: int = 0):
        self._augmentation = augmentation
        self._first_unmixed = epochs - round(augmentation.unmixed * epochs)
        # XLA fuses the interpolation's many small operations, which takes a quarter of the time;
        # not together with the blend, for which it would interpolate every photo twice.
        self._transformed, self._blended = (
            tf.function(part, autograph=False, jit_compile=True)
            for part in (self._transform, blend)
        )

    def sample(self, seed: int, epoch: int, examples: int) -> tuple[np.ndarray, ...]:
        """Sample the parameters of each example's transform in an epoch.

        Returns:
            Arrays of float32 (examples,): a, b, c, d, e, f of the pixel (x, y) ↦
            (a x + b y + c, d x + e y + f) that is read, in units of half a photo from its centre,
            shifts c and f in pixels; then the centre of the gray square in the same units; then,
            for brightness and contrast, the arrays of `sample_lights`; then, for mixup and cutmix,
            those of `sample_blends`.
        """
        random = np.random.default_rng([seed, epoch, _TRANSFORMS])
        # One column per transform, so that amounts do not change other transforms' samples.
        between = random.uniform(-1, 1, (9, examples))
        mirror, zoom_x, zoom_y, turn, shear, shift_x, shift_y, cut_x, cut_y = between
        amount = self._augmentation
        angle = np.deg2rad(amount.rotation) * turn
        cos, sin = np.cos(angle), np.sin(angle)
        zoom_x, zoom_y = 1 + amount.zoom * zoom_x, 1 + amount.zoom * zoom_y
        mirrored = np.where((mirror < 0) & amount.flip, -1.0, 1.0)
        columns = (
            mirrored * zoom_x * cos,
            mirrored * zoom_x * (amount.shear * shear - sin),
            amount.shift * shift_x,
            zoom_y * sin,
            zoom_y * cos,
            amount.shift * shift_y,
            cut_x,
            cut_y,
        )
        transforms = tuple(column.astype(np.float32) for column in columns)
        if self._lights:
            transforms += sample_lights(amount, seed, epoch, examples)
        if self.mixes:
            ended = bool(amount.unmixed) and epoch >= self._first_unmixed
            # A pair with α = 0 is the photo itself, with the weight of its own label alone.
            mixed = replace(amount, mixup=0.0, cutmix=0.0) if ended else amount
            transforms += sample_blends(mixed, seed, epoch, examples)
        return transforms

    @property
    def mixes(self) -> bool:
        """Whether pairs of photos are blended, see `blend`."""
        return bool(self._augmentation.mixup or self._augmentation.cutmix)

    @property
    def columns(self) -> int:
        """The number of arrays that `sample` returns."""
        return self._unblended_columns + _BLEND_COLUMNS * self.mixes

    @property
    def _lights(self) -> bool:
        return bool(self._augmentation.brightness or self._augmentation.contrast)

    @property
    def _unblended_columns(self) -> int:
        return _TRANSFORM_COLUMNS + _LIGHT_COLUMNS * self._lights

    def apply(self, images: tf.Tensor, transforms: Sequence[tf.Tensor]) -> tf.Tensor:
        """Return the transformed photos.

        Args:
            images: uint8 (batch, h, w, 3).
            transforms: the arrays of `sample` for these photos, (batch,) each; further ones are
                ignored.

        Returns:
            float32 (batch, h, w, 3), 0…255, with bilinear interpolation, and reflection beyond the
            edges. Half as many photos if pairs are blended.
        """
        transformed = self._transformed(images, tuple(transforms[: self._unblended_columns]))
        return self._blended(transformed, self._blends(transforms)) if self.mixes else transformed

    def label_weights(self, transforms: Sequence[tf.Tensor]) -> tf.Tensor:
        """Return the weight of each row's label if pairs are blended, (batch,), with mean 1."""
        return blend_weights(self._blends(transforms))

    def _blends(self, transforms: Sequence[tf.Tensor]) -> Sequence[tf.Tensor]:
        return tuple(transforms[self._unblended_columns : self.columns])

    def _transform(self, images: tf.Tensor, parameters: Sequence[tf.Tensor]) -> tf.Tensor:
        *matrix, cut_x, cut_y = (
            column[:, None, None] for column in parameters[:_TRANSFORM_COLUMNS]
        )
        _, height, width, _ = images.shape
        rows, columns = _centred(height)[None, :, None], _centred(width)[None, None, :]
        a, b, c, d, e, f = matrix
        x = (a * columns + b * rows + 1) * (width / 2) - 0.5 + c
        y = (d * columns + e * rows + 1) * (height / 2) - 0.5 + f
        transformed = _bilinear(tf.cast(images, tf.float32), x, y)
        if self._lights:
            transformed = lit(transformed, parameters[_TRANSFORM_COLUMNS:])
        if not self._augmentation.cutout:
            return transformed
        across = tf.abs(columns - cut_x) * width < self._augmentation.cutout
        down = tf.abs(rows - cut_y) * height < self._augmentation.cutout
        return tf.where((across & down)[..., None], _GRAY, transformed)


def sample_lights(
    augmentation: Augmentation, seed: int, epoch: int, examples: int
) -> tuple[np.ndarray, ...]:
    """Sample the contrast and brightness of each example in an epoch.

    Returns:
        Arrays of float32 (examples,): the factor of the pixels' distances from middle gray; what is
        added to all pixels, which are 0…255.
    """
    random = np.random.default_rng([seed, epoch, _LIGHTS])
    contrast, brightness = random.uniform(-1, 1, (2, examples))
    factor = 1 + augmentation.contrast * contrast
    added = _WHITE * augmentation.brightness * brightness
    return factor.astype(np.float32), added.astype(np.float32)


def lit(images: tf.Tensor, lights: Sequence[tf.Tensor]) -> tf.Tensor:
    """Change the contrast and brightness of photos; what exceeds black or white is cut off.

    Args:
        images: float32 (batch, h, w, 3), 0…255.
        lights: the arrays of `sample_lights` for these photos, (batch,) each.

    Returns:
        float32 (batch, h, w, 3), 0…255.
    """
    factor, added = (column[:, None, None, None] for column in lights)
    return tf.clip_by_value((images - _GRAY) * factor + (_GRAY + added), 0.0, _WHITE)


def sample_blends(
    augmentation: Augmentation, seed: int, epoch: int, examples: int
) -> tuple[np.ndarray, ...]:
    """Sample the parameters of each example's blend with its partner in an epoch.

    Returns:
        Arrays of float32 (examples,): the fraction of the example itself, 0…1; the left and the
        upper edge of the patch that cutmix takes from the partner, 0…1; 1 for cutmix, 0 for mixup.
    """
    random = np.random.default_rng([seed, epoch, _BLENDS])
    left, top, which = random.uniform(0, 1, (3, examples))
    # With α = 0 every share is 1.
    shares = [
        random.beta(alpha, alpha, examples) if alpha else np.ones(examples)
        for alpha in (augmentation.mixup, augmentation.cutmix)
    ]
    cut = np.full(examples, bool(augmentation.cutmix))
    if augmentation.mixup and augmentation.cutmix:
        cut = which < 0.5
    share = np.where(cut, shares[1], shares[0])
    side = np.sqrt(1 - share)
    columns = (share, left * (1 - side), top * (1 - side), cut)
    return tuple(column.astype(np.float32) for column in columns)


def with_partners(order: np.ndarray, seed: int, epoch: int, examples: int) -> np.ndarray:
    """Return an order in which every example is followed by its partner.

    Args:
        order: indices of examples, int32 (steps, batch_size).
        seed, epoch: determine the partners.
        examples: number of examples.

    Returns:
        int32 (steps, 2 · batch_size).
    """
    random = np.random.default_rng([seed, epoch, _PARTNERS])
    partners = random.permutation(examples).astype(np.int32)
    return np.stack([order, partners[order]], axis=-1).reshape(len(order), -1)


def blend(images: tf.Tensor, blends: Sequence[tf.Tensor]) -> tf.Tensor:
    """Blend each pair of photos into one.

    Mixup returns share · own + (1 − share) · partner (Zhang et al., 2018). Cutmix replaces a patch
    with the photo's aspect ratio and area 1 − share by the same patch of the partner (Yun et al.,
    2019); pixels on the patch's edge are blended by the covered area.

    Args:
        images: float32 (2 · batch, h, w, 3), pairs.
        blends: the arrays of `sample_blends` for each row, (2 · batch,) each; those of a pair's
            first row are used.

    Returns:
        float32 (batch, h, w, 3).
    """
    share, left, top, cut = (column[0::2, None, None, None] for column in blends)
    side = tf.sqrt(1 - share)
    _, height, width, _ = images.shape
    covered = _covered(top, side, height)[:, :, None] * _covered(left, side, width)[:, None, :]
    partner = tf.where(cut > 0, covered[..., None], 1 - share)
    return images[0::2] * (1 - partner) + images[1::2] * partner


def blend_weights(blends: Sequence[tf.Tensor]) -> tf.Tensor:
    """Return the weight of each label of a pair, (2 · batch,), with mean 1."""
    share = blends[0][0::2]
    return tf.reshape(tf.stack([2 * share, 2 * (1 - share)], axis=1), (-1,))


def _covered(start: tf.Tensor, side: tf.Tensor, size: int) -> tf.Tensor:
    """Return the covered fraction of each pixel along one axis, (batch, size)."""
    start, side = (tf.reshape(part, (-1, 1)) * size for part in (start, side))
    pixel = tf.range(size, dtype=tf.float32)[None]
    inside = tf.minimum(start + side, pixel + 1) - tf.maximum(start, pixel)
    return tf.clip_by_value(inside, 0, 1)


def _centred(size: int) -> tf.Tensor:
    """Return the coordinates of pixel centres; the photo's edges are at −1 and 1."""
    return (tf.range(size, dtype=tf.float32) * 2 + 1) / size - 1


def _bilinear(images: tf.Tensor, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    _, height, width, channels = images.shape
    x, y = _mirrored(x, width), _mirrored(y, height)
    left, top = tf.floor(x), tf.floor(y)
    right_share, lower_share = (x - left)[..., None], (y - top)[..., None]
    left, top = tf.cast(left, tf.int32), tf.cast(top, tf.int32)
    right, lower = tf.minimum(left + 1, width - 1), tf.minimum(top + 1, height - 1)
    first = tf.range(tf.shape(images)[0])[:, None, None] * (height * width)
    pixels = tf.reshape(images, (-1, channels))

    def at(row, column):
        return tf.gather(pixels, first + row * width + column)

    above = at(top, left) * (1 - right_share) + at(top, right) * right_share
    below = at(lower, left) * (1 - right_share) + at(lower, right) * right_share
    return above * (1 - lower_share) + below * lower_share


def _mirrored(position: tf.Tensor, size: int) -> tf.Tensor:
    """Return positions reflected into the range from 0 to size − 1."""
    last = float(max(size - 1, 1))
    folded = tf.abs(tf.math.floormod(position + last, 2 * last) - last)
    return tf.minimum(folded, float(size - 1))

"""Random transforms of training photos, carried out inside the graph.

A photo's transform is sampled on the host, one row of numbers for each example, and depends on
(seed, epoch, index) alone: neither the batch, nor the number of replicas, nor a resume changes it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from zoo.registry.recipes import Augmentation
from zoo.training import mixing

# Between −1 and 1, where the preprocessing puts pixels, gray is 0.
_GRAY = 127.5
_STREAM = 1
_MOVES = 8


class Augmenter:
    """Carries out an `Augmentation` on batches of photos of one size.

    Args:
        augmentation: what to do.
    """

    def __init__(self, augmentation: Augmentation):
        self._augmentation = augmentation

    def sample(self, seed: int, epoch: int, examples: int) -> tuple[np.ndarray, ...]:
        """Return the random transform of each example in an epoch.

        Returns:
            Arrays of float32 (examples,): a, b, c, d, e, f of the pixel (x, y) ↦
            (a x + b y + c, d x + e y + f) that is read, in units of half a photo from its centre,
            shifts c and f in pixels; then the centre of the gray square in the same units; then,
            if photos are mixed, what `mixing.sample` returns.
        """
        random = np.random.default_rng([seed, epoch, _STREAM])
        # A column for each transform, so that no amount changes what is sampled for another.
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
        moves = tuple(column.astype(np.float32) for column in columns)
        return moves + (mixing.sample(amount, seed, epoch, examples) if self.mixes else ())

    @property
    def mixes(self) -> bool:
        """Whether photos come in pairs, of which one is made: see `zoo.training.mixing`."""
        return bool(self._augmentation.mixup or self._augmentation.cutmix)

    @property
    def columns(self) -> int:
        """How many arrays `sample` returns."""
        return _MOVES + mixing.COLUMNS * self.mixes

    def apply(self, images: tf.Tensor, transforms: Sequence[tf.Tensor]) -> tf.Tensor:
        """Return the photos after their transforms.

        Args:
            images: uint8 (batch, h, w, 3).
            transforms: what `sample` returned for each, (batch,) each.

        Returns:
            float32 (batch, h, w, 3), 0…255: between pixels, the four nearest are mixed by their
            distance; beyond the edge, the photo is mirrored. Half as many photos if pairs are
            mixed.
        """
        moved = self._move(images, transforms[:_MOVES])
        return mixing.blend(moved, transforms[_MOVES:]) if self.mixes else moved

    def label_weights(self, transforms: Sequence[tf.Tensor]) -> tf.Tensor:
        """Return the weight of each row's label where pairs are mixed, (batch,), of mean 1."""
        return mixing.weights(transforms[_MOVES:])

    def _move(self, images: tf.Tensor, moves: Sequence[tf.Tensor]) -> tf.Tensor:
        *matrix, cut_x, cut_y = (column[:, None, None] for column in moves)
        _, height, width, _ = images.shape
        rows, columns = _centred(height)[None, :, None], _centred(width)[None, None, :]
        a, b, c, d, e, f = matrix
        x = (a * columns + b * rows + 1) * (width / 2) - 0.5 + c
        y = (d * columns + e * rows + 1) * (height / 2) - 0.5 + f
        moved = _bilinear(tf.cast(images, tf.float32), x, y)
        if not self._augmentation.cutout:
            return moved
        across = tf.abs(columns - cut_x) * width < self._augmentation.cutout
        down = tf.abs(rows - cut_y) * height < self._augmentation.cutout
        return tf.where((across & down)[..., None], _GRAY, moved)


def _centred(size: int) -> tf.Tensor:
    """Return the centres of pixels, −1 and 1 being the photo's edges."""
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
    """Return positions between 0 and size − 1, those beyond reflected at the first and last."""
    last = float(max(size - 1, 1))
    folded = tf.abs(tf.math.floormod(position + last, 2 * last) - last)
    return tf.minimum(folded, float(size - 1))

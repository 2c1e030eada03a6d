"""Training photos moved a little before each look, inside the graph.

What happens to a photo is drawn on the host, one row of numbers for each example, from (seed,
epoch, index) alone: neither the batch, nor the number of replicas, nor a resume changes it.
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

    def draw(self, seed: int, epoch: int, examples: int) -> tuple[np.ndarray, ...]:
        """Return what happens to each example in an epoch.

        Returns:
            Arrays of float32 (examples,): a, b, c, d, e, f of the pixel (x, y) ↦
            (a x + b y + c, d x + e y + f) that is read, in units of half a photo from its centre,
            shifts c and f in pixels; then the centre of the gray square in the same units; then,
            if photos are mixed, what `mixing.draw` returns.
        """
        random = np.random.default_rng([seed, epoch, _STREAM])
        # One row per example, so that no amount changes what another draws.
        between = random.uniform(-1, 1, (9, examples))
        mirror, zoom_x, zoom_y, turn, shear, shift_x, shift_y, cut_x, cut_y = between
        amount = self._augmentation
        angle = np.deg2rad(amount.rotation) * turn
        cos, sin = np.cos(angle), np.sin(angle)
        zoom_x, zoom_y = 1 + amount.zoom * zoom_x, 1 + amount.zoom * zoom_y
        mirrored = np.where((mirror < 0) & amount.flip, -1.0, 1.0)
        drawn = (
            mirrored * zoom_x * cos,
            mirrored * zoom_x * (amount.shear * shear - sin),
            amount.shift * shift_x,
            zoom_y * sin,
            zoom_y * cos,
            amount.shift * shift_y,
            cut_x,
            cut_y,
        )
        moves = tuple(part.astype(np.float32) for part in drawn)
        return moves + (mixing.draw(amount, seed, epoch, examples) if self.mixes else ())

    @property
    def mixes(self) -> bool:
        """Whether photos come in pairs, of which one is made: see `zoo.training.mixing`."""
        return bool(self._augmentation.mixup or self._augmentation.cutmix)

    @property
    def parts(self) -> int:
        """How many arrays `draw` returns."""
        return _MOVES + mixing.PARTS * self.mixes

    def apply(self, images: tf.Tensor, drawn: Sequence[tf.Tensor]) -> tf.Tensor:
        """Return the photos as they look after what was drawn for them.

        Args:
            images: uint8 (batch, h, w, 3).
            drawn: parts of `draw`, (batch,) each.

        Returns:
            float32 (batch, h, w, 3), 0…255: between pixels, the four nearest are mixed by their
            distance; beyond the edge, the photo is mirrored. Half as many photos if pairs are
            mixed.
        """
        moved = self._move(images, drawn[:_MOVES])
        return mixing.blend(moved, drawn[_MOVES:]) if self.mixes else moved

    def label_weights(self, drawn: Sequence[tf.Tensor]) -> tf.Tensor:
        """Return what each row's label counts for where pairs are mixed, (batch,), of mean 1."""
        return mixing.weights(drawn[_MOVES:])

    def _move(self, images: tf.Tensor, drawn: Sequence[tf.Tensor]) -> tf.Tensor:
        *matrix, cut_x, cut_y = (part[:, None, None] for part in drawn)
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

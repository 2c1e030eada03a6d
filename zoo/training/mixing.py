"""Pairs of training photos blended into one, with both labels: mixup and cutmix.

Each example of an epoch has a partner. A batch of n that is mixed is fed as 2n rows, every example
followed by its partner, so that a replica that gets the i-th n-th of it gets whole pairs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from zoo.registry.recipes import Augmentation

COLUMNS = 4
_STREAM, _PARTNERS = 2, 3


def sample(
    augmentation: Augmentation, seed: int, epoch: int, examples: int
) -> tuple[np.ndarray, ...]:
    """Return the random blend of each example with its partner in an epoch.

    Returns:
        Arrays of float32 (examples,): the share of the example itself, 0…1; the left and the upper
        edge of the part that cutmix takes from the partner, 0…1; 1 for cutmix and 0 for mixup.
    """
    random = np.random.default_rng([seed, epoch, _STREAM])
    left, top, which = random.uniform(0, 1, (3, examples))
    # α = 0 is the limit in which every share is 1.
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
        order: int32 (steps, batch_size).
        seed, epoch: which decide the partners.
        examples: how many there are.

    Returns:
        int32 (steps, 2 · batch_size).
    """
    random = np.random.default_rng([seed, epoch, _PARTNERS])
    partners = random.permutation(examples).astype(np.int32)
    return np.stack([order, partners[order]], axis=-1).reshape(len(order), -1)


def blend(images: tf.Tensor, blends: Sequence[tf.Tensor]) -> tf.Tensor:
    """Return one photo of every pair.

    Mixup adds them, share · own + (1 − share) · partner (Zhang et al., 2018); cutmix puts a square
    part of the partner, in the photo's proportions and of area 1 − share, in its place (Yun et
    al., 2019). A pixel that the part's edge crosses is mixed by the area that is covered.

    Args:
        images: float32 (2 · batch, h, w, 3), pairs.
        blends: what `sample` returned for each row, (2 · batch,) each; a pair is blended as its
            first row says.

    Returns:
        float32 (batch, h, w, 3).
    """
    share, left, top, cut = (column[0::2, None, None, None] for column in blends)
    side = tf.sqrt(1 - share)
    _, height, width, _ = images.shape
    covered = _covered(top, side, height)[:, :, None] * _covered(left, side, width)[:, None, :]
    partner = tf.where(cut > 0, covered[..., None], 1 - share)
    return images[0::2] * (1 - partner) + images[1::2] * partner


def weights(blends: Sequence[tf.Tensor]) -> tf.Tensor:
    """Return the weight of each label of a pair, (2 · batch,), of mean 1."""
    share = blends[0][0::2]
    return tf.reshape(tf.stack([2 * share, 2 * (1 - share)], axis=1), (-1,))


def _covered(start: tf.Tensor, side: tf.Tensor, size: int) -> tf.Tensor:
    """Return the share of each pixel along one axis that lies inside, (batch, size)."""
    start, side = (tf.reshape(part, (-1, 1)) * size for part in (start, side))
    pixel = tf.range(size, dtype=tf.float32)[None]
    inside = tf.minimum(start + side, pixel + 1) - tf.maximum(start, pixel)
    return tf.clip_by_value(inside, 0, 1)

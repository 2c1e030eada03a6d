"""The sum of gradients over all replicas, which hosts exchange in every step."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

Sum = Callable[[Sequence[tf.Tensor]], list[tf.Tensor]]


def sum_of(model: keras.Model, strategy: tf.distribute.Strategy) -> Sum:
    """Return the function that sums gradients over the replicas of a model.

    In mixed_bfloat16, the gradients of the weights of layers are computed in bfloat16 and kept in
    float32. They are summed as bfloat16: half of the bytes, and nothing is lost but by the rounding
    of the sums. Those of normalizations, computed in float32, are rounded with them: a sum of their
    own would be a second exchange among the hosts.

    Args:
        model: whose gradients are summed.
        strategy: under whose scope it was built. The function is called in its replicas.
    """
    if model.compute_dtype != "bfloat16" or strategy.num_replicas_in_sync == 1:
        return _sum

    def sum_in_bfloat16(gradients: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        summed = _sum([tf.cast(gradient, tf.bfloat16) for gradient in gradients])
        return [tf.cast(of, to.dtype) for of, to in zip(summed, gradients, strict=True)]

    return sum_in_bfloat16


def _sum(gradients: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    return tf.distribute.get_replica_context().all_reduce("sum", list(gradients))

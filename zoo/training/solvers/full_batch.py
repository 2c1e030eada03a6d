"""Sums over all examples, for full-batch solvers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from zoo.training.examples import Examples

_BATCH = 1000


class FullBatchSum:
    """Sums a function over all batches of the examples, in float64.

    The last batch is padded with examples of weight 0. Up to rounding, the result does not depend
    on the number of replicas.

    Args:
        strategy: the distribution strategy, whose replicas share each batch.
        examples: the examples.
        sums: function of (x, y, weight, *arguments) that returns a tuple of tensors, each a sum
            over a batch; weight is float32 (batch,), 0 for padding.
        rows: indices of the examples to use, int32; by default all.
        check_stop: called before every batch; raises if the training was asked to stop.
    """

    def __init__(
        self,
        strategy: tf.distribute.Strategy,
        examples: Examples,
        sums: Callable[..., Sequence[tf.Tensor]],
        rows: np.ndarray | None = None,
        check_stop: Callable[[], None] = lambda: None,
    ):
        rows = np.arange(len(examples), dtype=np.int32) if rows is None else rows
        replicas = strategy.num_replicas_in_sync
        batch = -(-min(_BATCH, len(rows)) // replicas) * replicas
        padded = np.arange(-(-len(rows) // batch) * batch)
        self._examples = examples
        self._check_stop = check_stop
        self._order = rows[padded % len(rows)].reshape(-1, batch)
        self._weights = (padded < len(rows)).astype(np.float32).reshape(-1, batch)

        def of_replica(batch, *arguments):
            return sums(*examples.features(examples.replica_shard(batch)), *arguments)

        @tf.function
        def of_batch(iterator, step, *arguments):
            batch = examples.next_batch(iterator, step)
            parts = strategy.run(of_replica, args=(batch, *arguments))
            return [strategy.reduce(tf.distribute.ReduceOp.SUM, part, axis=None) for part in parts]

        self._of_batch = of_batch

    def run(self, *arguments: tf.Tensor) -> list[np.ndarray]:
        """Return the sums over all examples, float64; the arguments are passed to `sums`."""
        total: list[np.ndarray] = []
        for index in range(len(self._order)):
            self._check_stop()
            iterator = self._examples.iterator(self._order, index, index + 1, self._weights)
            parts = self._of_batch(iterator, tf.constant(0), *arguments)
            if not total:
                total = [np.zeros(part.shape, np.float64) for part in parts]
            for whole, part in zip(total, parts, strict=True):
                np.add(whole, part.numpy(), out=whole)
        return total

"""Sums over all examples, in batches that the replicas share, for full-batch solvers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from zoo.training.examples import Examples

_BATCH = 1000


class FullBatchSum:
    """Adds up, in float64, what a function returns for each batch of the examples.

    The last batch is filled up with examples of weight 0. Replicas' sums are added up by the
    strategy, so that the result does not depend on how many there are but for rounding.

    Args:
        strategy: whose replicas share each batch.
        examples: to go over.
        sums: function of (x, y, weight, *arguments) that returns a tuple of tensors, each a sum
            over the examples given; weight is float32 (batch,), 0 for examples not to count.
        rows: which examples, int32; all by default.
        check_stop: called before every batch; it raises if the training was asked to stop.
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
        """Return the sums over all examples, float64; the arguments go to every batch."""
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

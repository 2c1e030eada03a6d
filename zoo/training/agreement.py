"""Communication between workers: values from the chief, and requests to stop.

Every value is sent with an all-reduce, which all workers call at the same point. So decisions that
depend on a clock or a signal are the same in all processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import tensorflow as tf

from zoo.training.cluster import Cluster


class Agreement(Protocol):
    """Communication between the processes of one training."""

    def broadcast(self, content: bytes) -> bytes:
        """Return the chief's bytes in every process."""

    def gather(self, content: bytes) -> list[bytes]:
        """Return the bytes of every process, in the order of the cluster."""

    def agree(self, numbers: Sequence[int], stop: bool) -> tuple[list[int], bool]:
        """Return the chief's numbers, and whether any process was asked to stop."""


class SingleProcess:
    """A training in a single process."""

    def broadcast(self, content):
        """Return the content."""
        return content

    def gather(self, content):
        """Return the content alone."""
        return [content]

    def agree(self, numbers, stop):
        """Return the arguments."""
        return list(numbers), stop


class MultiWorker:
    """The workers of a `tf.distribute.MultiWorkerMirroredStrategy`.

    Args:
        strategy: the strategy of all workers.
        cluster: the workers, and which of them this one is.
    """

    def __init__(self, strategy: tf.distribute.Strategy, cluster: Cluster):
        self._strategy = strategy
        self._is_chief = cluster.is_chief
        self._position = cluster.position
        self._workers = len(cluster)
        self._sum = tf.function(
            self._sum_of_workers, input_signature=[tf.TensorSpec((None,), tf.int32)]
        )

    def broadcast(self, content):
        """Return the chief's bytes; all workers must call this at the same point."""
        content = content if self._is_chief else b""
        size = int(self._total([len(content)])[0])
        words = np.zeros(-(-size // 4), np.int32)
        if self._is_chief:
            words = np.frombuffer(content.ljust(len(words) * 4, b"\0"), np.int32)
        return self._total(words).tobytes()[:size] if size else b""

    def gather(self, content):
        """Return the bytes of every worker; all workers must call this at the same point."""
        own = [len(content) * (at == self._position) for at in range(self._workers)]
        lengths = [int(length) for length in self._total(own)]
        longest = -(-max(lengths) // 4) * 4
        if not longest:
            # TensorFlow's sum of nothing ends the process.
            return [b""] * self._workers
        rows = np.zeros((self._workers, longest // 4), np.int32)
        rows[self._position] = np.frombuffer(content.ljust(longest, b"\0"), np.int32)
        sent = self._total(rows.ravel()).reshape(rows.shape)
        return [row.tobytes()[:length] for row, length in zip(sent, lengths, strict=True)]

    def agree(self, numbers, stop):
        """Return the chief's numbers, and whether any worker was asked to stop.

        All workers must call this at the same point.
        """
        own = numbers if self._is_chief else [0] * len(numbers)
        *agreed, votes = self._total([*own, int(stop)])
        return [int(number) for number in agreed], bool(votes)

    def _total(self, numbers: Sequence[int] | np.ndarray) -> np.ndarray:
        return self._sum(np.asarray(numbers, np.int32)).numpy()

    def _sum_of_workers(self, numbers):
        totals = self._strategy.run(self._sum_of_replicas, args=(numbers,))
        return self._strategy.experimental_local_results(totals)[0]

    def _sum_of_replicas(self, numbers):
        replica = tf.distribute.get_replica_context()
        local = self._strategy.extended.worker_devices
        # Only the first replica of each worker contributes, so that nothing is counted twice.
        first = replica.replica_id_in_sync_group % len(local) == 0
        return replica.all_reduce("sum", numbers * tf.cast(first, tf.int32))

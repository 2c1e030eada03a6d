"""Where a split's examples wait for their step: in memory, or streamed from disk.

Both give every replica the same rows of the same batches: replica i of n reads the i-th n-th of
each global batch.
"""

from __future__ import annotations

import gc
import weakref
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf

from zoo.data.dataset import Split
from zoo.errors import ZooError
from zoo.nn.preprocessing import preprocessing_of
from zoo.training.augmentation import Augmenter
from zoo.training.features import Features, resident_bytes
from zoo.utils.choices import require_choice
from zoo.utils.memory import available_bytes

SOURCES = ("auto", "memory", "stream")
_PREFETCHED_BATCHES = 4


class Examples(Protocol):
    """Examples that a graph draws by index; `parts` are arrays that go along with the indices."""

    def __len__(self) -> int:
        """Return how many there are."""

    def signature(self, batch_size: int, parts: tuple[tf.DType, ...]) -> tuple:
        """Return the types of a feed; none if a graph is to find out from a feed itself."""

    def feed(self, order: np.ndarray, at: int, until: int, *parts: np.ndarray) -> Any:
        """Return what a graph draws batches `at` to `until` of an order from.

        Args:
            order: int32 (steps, batch_size), of which batches are drawn one after the other.
            at: the first batch.
            until: the batch after the last.
            *parts: each (steps, batch_size).
        """

    def draw(self, feed: Any, step: tf.Tensor) -> Any:
        """Return the next batch, in cross-replica context; `step` counts from 0 in each feed."""

    def share(self, drawn: Any) -> Any:
        """Return what this replica gets of a batch, in replica context."""

    def read(self, share: Any) -> tuple[tf.Tensor, ...]:
        """Return the head's inputs, the targets and the parts of a share; XLA can compile it."""

    def close(self) -> None:
        """Let go of what reads from disk; nothing is drawn after that."""


def choose(
    source: str,
    model: keras.Model,
    strategy: tf.distribute.Strategy,
    split: Split,
    augmenter: Augmenter | None = None,
) -> Examples:
    """Return a split's examples from where they are to come.

    Args:
        source: "memory", "stream", or "auto": memory if it takes less than half of what is
            available.
        model: whose layer `preprocessing` comes before its head.
        strategy: where the replicas live.
        split: y as the model's loss takes it.
        augmenter: moves photos before the layer `preprocessing`, by the parts of a feed.

    Raises:
        UnknownNameError: for another source.
        ZooError: if there is something to move and it is no photos of one size.
    """
    require_choice("source of examples", source, SOURCES)
    if augmenter and not (isinstance(split.x, np.ndarray) and split.x.ndim == 4):
        raise ZooError(
            "Augmentation is for photos of one size; train without it, or give another --dataset."
        )
    if source == "auto":
        fits = resident_bytes(model, split.x) < available_bytes() / 2
        source = "memory" if fits else "stream"
    kind = ResidentExamples if source == "memory" else StreamedExamples
    return kind(model, strategy, split, augmenter)


class ResidentExamples:
    """All examples in memory; a batch is gathered inside the graph.

    Args:
        model: whose layer `preprocessing` comes before its head.
        strategy: where the replicas live.
        split: y as the model's loss takes it.
        augmenter: moves photos before the layer `preprocessing`, by the parts of a feed.
    """

    def __init__(
        self,
        model: keras.Model,
        strategy: tf.distribute.Strategy,
        split: Split,
        augmenter: Augmenter | None = None,
    ):
        self._features = Features(model, split.x, augmenter)
        self._targets = tf.convert_to_tensor(split.y)
        self._replicas = strategy.num_replicas_in_sync

    def __len__(self):
        return len(self._features)

    def signature(self, batch_size, parts):
        """Return the shapes of indices and parts: any number of batches."""
        return tuple(tf.TensorSpec((None, batch_size), kind) for kind in (tf.int32, *parts))

    def feed(self, order, at, until, *parts):
        """Return the indices and parts of these batches."""
        return tuple(part[at:until] for part in (order, *parts))

    def draw(self, feed, step):
        """Return one batch's indices and parts."""
        return tuple(part[step] for part in feed)

    def share(self, drawn):
        """Return the indices and parts of this replica's rows."""
        local = drawn[0].shape[0] // self._replicas
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        return tuple(tf.slice(part, [replica * local], [local]) for part in drawn)

    def read(self, share):
        """Gather the rows."""
        rows, *parts = share
        return self._features.batch(rows, parts), tf.gather(self._targets, rows), *parts

    def close(self):
        """Do nothing."""


class StreamedExamples:
    """Examples read from disk batch by batch through tf.data, for sets larger than memory.

    `AutoShardPolicy.DATA` gives every worker its share of each batch; each reads the whole batch
    and keeps its share, as that policy does.

    Args:
        model: whose layer `preprocessing` comes before its head.
        strategy: where the replicas live.
        split: x an array, usually memory-mapped, or photos; y as the model's loss takes it.
        augmenter: moves photos before the layer `preprocessing`, by the parts of a feed.
    """

    def __init__(
        self,
        model: keras.Model,
        strategy: tf.distribute.Strategy,
        split: Split,
        augmenter: Augmenter | None = None,
    ):
        self._strategy = strategy
        self._augmenter = augmenter
        self._photos = split.x
        self._targets = tf.convert_to_tensor(split.y)
        self._preprocessing = preprocessing_of(model)
        self._one_size = isinstance(split.x, np.ndarray)
        self._order: np.ndarray | None = None
        self._next = 0
        self._reading = _Reading()
        # Runs before the interpreter ends, too, for a caller that does not close.
        weakref.finalize(self, self._reading.end)

    def __len__(self):
        return len(self._photos)

    def signature(self, batch_size, parts):
        """Return no types: an iterator's is known once there is one."""
        return ()

    def feed(self, order, at, until, *parts):
        """Return the iterator over an order's batches; it goes on where the last call ended."""
        if order is not self._order or at != self._next:
            self._reading.end()
            batches = self._batches(order[at:], *(part[at:] for part in parts))
            self._reading.iterator = iter(batches)
        self._order, self._next = order, until
        return self._reading.iterator

    def draw(self, feed, step):
        """Take the next batch off the stream."""
        return next(feed)

    def share(self, drawn):
        """Return it all: tf.data has shared it out."""
        return drawn

    def read(self, share):
        """Move and preprocess the pixels."""
        x, y, *parts = share
        if self._augmenter:
            x = self._augmenter.apply(x, parts)
        if self._one_size and self._preprocessing is not None:
            x = self._preprocessing(x)
        return x, y, *parts

    def close(self):
        """End the threads that read ahead."""
        self._order = None
        self._reading.end()

    def _batches(self, order, *parts):
        self._reading.stream = _Stream()
        batch_size = order.shape[1]
        columns = (order.ravel(), *(part.ravel() for part in parts))
        rows = tf.data.Dataset.from_tensor_slices(columns)
        if self._one_size:
            dataset = rows.batch(batch_size, drop_remainder=True).map(
                self._read_batch, num_parallel_calls=tf.data.AUTOTUNE
            )
        else:
            dataset = rows.map(self._read_photo, num_parallel_calls=tf.data.AUTOTUNE)
            dataset = dataset.batch(batch_size, drop_remainder=True)
        options = tf.data.Options()
        options.experimental_distribute.auto_shard_policy = (
            tf.data.experimental.AutoShardPolicy.DATA
        )
        options.deterministic = True
        dataset = dataset.prefetch(_PREFETCHED_BATCHES).with_options(options)
        return self._strategy.experimental_distribute_dataset(dataset)

    def _read_batch(self, rows, *parts):
        array, stream = self._photos, self._reading.stream
        x = tf.numpy_function(lambda at: stream.read(array, at), [rows], tf.as_dtype(array.dtype))
        x = tf.ensure_shape(x, (rows.shape[0], *array.shape[1:]))
        return x, tf.gather(self._targets, rows), *parts

    def _read_photo(self, row, *parts):
        photos, stream = self._photos, self._reading.stream
        photo = tf.numpy_function(lambda at: stream.read(photos, int(at)), [row], tf.uint8)
        features = self._preprocessing(tf.ensure_shape(photo, (None, None, 3))[None])[0]
        return features, tf.gather(self._targets, row), *parts


class _Reading:
    """The iterator that is read from, and the stream its threads read."""

    def __init__(self):
        self.iterator = None
        self.stream = _Stream()

    def end(self):
        """Let go of the iterator.

        Its threads read ahead, and call Python to do so. Left to the interpreter's end, its
        destructor would wait for a thread that waits for an interpreter that is gone.
        """
        if self.iterator is not None:
            self.stream.ended = True
            self.iterator = None
            gc.collect()


class _Stream:
    """What the threads that read one order's batches ask before each: whether it goes on."""

    ended = False

    def read(self, photos, at):
        if self.ended:
            # To tf.data that is the end of the data.
            raise StopIteration
        return photos[at]

"""Examples streamed from disk with tf.data."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from zoo.data.dataset import Split
from zoo.nn.preprocessing import preprocessing_of
from zoo.training.augmentation import Augmenter
from zoo.training.pages import reader_of

_PREFETCHED_BATCHES = 8


class StreamedExamples:
    """Examples streamed from disk with tf.data, for data sets larger than memory.

    With `AutoShardPolicy.DATA`, every worker reads each batch and keeps its shard of it.

    Args:
        model: the model, whose layer `preprocessing` is applied.
        strategy: the distribution strategy.
        split: the split; x is an array, usually memory-mapped, or `Photos`; y as the model's loss
            expects it.
        augmenter: augments photos before the layer `preprocessing`.
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
        self._photos: Any = split.x
        self._targets = tf.convert_to_tensor(split.y)
        self._preprocessing: Any = preprocessing_of(model)
        self._one_size = isinstance(split.x, np.ndarray)
        self._order: np.ndarray | None = None
        self._next = 0
        self._reading = _Reading(reader_of(split.x))
        # Also runs at the interpreter's exit, if `close` was not called.
        weakref.finalize(self, self._reading.end)

    def __len__(self):
        return len(self._photos)

    def input_signature(self, batch_size, columns):
        """Return (): the signature is inferred from an iterator."""
        return ()

    def iterator(self, order, start, stop, *columns):
        """Return the iterator over an order's batches; it continues where the last call ended."""
        if order is not self._order or start != self._next:
            self._reading.end()
            batches = self._batches(order[start:], *(column[start:] for column in columns))
            self._reading.iterator = iter(batches)
        self._order, self._next = order, stop
        return self._reading.iterator

    def next_batch(self, iterator, step):
        """Return the iterator's next batch."""
        return next(iterator)

    def replica_shard(self, batch):
        """Return the batch unchanged: tf.data has sharded it already."""
        return batch

    def features(self, shard):
        """Augment and preprocess the pixels."""
        x, y, *columns = shard
        if self._augmenter:
            x = self._augmenter.apply(x, columns)
        if self._one_size and self._preprocessing is not None:
            x = self._preprocessing(x)
        return x, y, *columns

    def close(self):
        """Stop the threads that prefetch."""
        self._order = None
        self._reading.end()

    def _batches(self, order, *columns):
        self._reading.begin()
        divides = self._strategy.num_replicas_in_sync > 1
        batches = tf.data.Dataset.from_tensor_slices((order, *columns))
        if not self._one_size:
            dataset = batches.unbatch().map(self._read_photo, num_parallel_calls=tf.data.AUTOTUNE)
            dataset = dataset.batch(order.shape[1], drop_remainder=True)
        else:
            if divides:
                # Rows one by one cost more, but only from `batch` tf.distribute knows what to
                # divide.
                batches = batches.unbatch().batch(order.shape[1], drop_remainder=True)
            dataset = batches.map(self._read_batch, num_parallel_calls=tf.data.AUTOTUNE)
        options = tf.data.Options()
        options.experimental_distribute.auto_shard_policy = (
            tf.data.experimental.AutoShardPolicy.DATA
        )
        options.deterministic = True
        dataset = dataset.prefetch(_PREFETCHED_BATCHES).with_options(options)
        # With the iterator of a distributed data set, a step takes twice as long.
        return self._strategy.experimental_distribute_dataset(dataset) if divides else dataset

    def _read_batch(self, rows, *columns):
        array, stream = self._photos, self._reading.stream
        x = tf.numpy_function(stream.read, [rows], tf.as_dtype(array.dtype))
        x = tf.ensure_shape(x, (rows.shape[0], *array.shape[1:]))
        return x, tf.gather(self._targets, rows), *columns

    def _read_photo(self, row, *columns):
        stream = self._reading.stream
        photo = tf.numpy_function(lambda at: stream.read(int(at)), [row], tf.uint8)
        features = self._preprocessing(tf.ensure_shape(photo, (None, None, 3))[None])[0]
        return features, tf.gather(self._targets, row), *columns


class _Reading:
    """The current iterator, and the flag that stops its threads."""

    def __init__(self, read):
        self.iterator = None
        self._read = read
        self.begin()

    def begin(self):
        """Make the stream of the next iterator."""
        self.stream = _Stream(self._read)

    def end(self):
        """Delete the iterator.

        Its threads call Python to prefetch. At the interpreter's exit, the destructor would wait
        for such a thread forever.
        """
        if self.iterator is not None:
            self.stream.ended = True
            self.iterator = None
            gc.collect()


class _Stream:
    """Reads examples in the threads of an iterator until `ended` is set."""

    def __init__(self, read):
        self.ended = False
        self._read = read

    def read(self, at):
        if self.ended:
            # Means the end of the data to tf.data.
            raise StopIteration
        return self._read(at)

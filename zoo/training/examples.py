"""The examples of a split, in memory or streamed from disk (`zoo.training.streaming`).

Both give every replica the same rows of the same batches: replica i of n reads the i-th of n equal
parts of each global batch.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf

from zoo.data.dataset import Split
from zoo.data.photos import Photos
from zoo.nn.preprocessing import preprocessing_of
from zoo.training.augmentation import Augmenter
from zoo.training.pages import release_pages
from zoo.training.settings import SOURCES
from zoo.training.streaming import StreamedExamples
from zoo.utils.choices import require_choice
from zoo.utils.memory import available_bytes

# Up to this size, features are kept in memory even if the pixels would be smaller.
SMALL_BYTES = 16 * 2**20
_BATCH = 256
# The alignment that TensorFlow requires of external memory.
_ALIGNMENT = 64
_CHUNK_BYTES = 8 * 2**20


class Examples(Protocol):
    """The examples of a split, read batch by batch in a TensorFlow graph.

    "Columns" are additional numbers per example, such as weights.
    """

    def __len__(self) -> int:
        """Return the number of examples."""

    def input_signature(self, batch_size: int, columns: tuple[tf.DType, ...]) -> tuple:
        """Return the input signature of an iterator; () if it is inferred from one."""

    def iterator(self, order: np.ndarray, start: int, stop: int, *columns: np.ndarray) -> Any:
        """Return an iterator over the batches `start` to `stop` of an order.

        Args:
            order: indices of examples, int32 (steps, batch_size).
            start: the first batch.
            stop: the batch after the last.
            *columns: each (steps, batch_size).
        """

    def next_batch(self, iterator: Any, step: tf.Tensor) -> Any:
        """Return a batch, in cross-replica context; `step` counts from 0 in each iterator."""

    def replica_shard(self, batch: Any) -> Any:
        """Return this replica's part of a batch, in replica context."""

    def features(self, shard: Any) -> tuple[tf.Tensor, ...]:
        """Return (the head's inputs, targets, *columns) of a shard; XLA can compile it."""

    def close(self) -> None:
        """Stop reading from disk; the examples cannot be used afterwards."""


def choose(
    source: str,
    model: keras.Model,
    strategy: tf.distribute.Strategy,
    split: Split,
    augmenter: Augmenter | None = None,
) -> Examples:
    """Return a split's examples, in memory or streamed from disk.

    Args:
        source: "memory", "stream", or "auto": memory if less than half of the available memory is
            needed.
        model: the model, whose layer `preprocessing` is applied.
        strategy: the distribution strategy.
        split: the split, with y as the model's loss expects it.
        augmenter: augments photos, which must have one size, before the layer `preprocessing`.

    Raises:
        UnknownNameError: for an unknown source.
    """
    require_choice("source", source, SOURCES)
    if source == "auto":
        fits = resident_bytes(model, split.x) < available_bytes() / 2
        source = "memory" if fits else "stream"
    kind = ResidentExamples if source == "memory" else StreamedExamples
    return kind(model, strategy, split, augmenter)


class ResidentExamples:
    """All examples in memory; batches are gathered inside the graph.

    Photos that are not augmented are preprocessed once instead of in every epoch.

    Args:
        model: the model, whose layer `preprocessing`, if any, is applied.
        strategy: the distribution strategy.
        split: the split; x is an array or a sequence of photos of different sizes, y as the model's
            loss expects it.
        augmenter: augments photos before the layer `preprocessing`.
    """

    def __init__(
        self,
        model: keras.Model,
        strategy: tf.distribute.Strategy,
        split: Split,
        augmenter: Augmenter | None = None,
    ):
        preprocessing = preprocessing_of(model)
        examples = split.x
        self._augmenter = augmenter
        # Applied to every batch, if not done once here.
        self._preprocessing = None
        if preprocessing is None:
            array = np.asarray(examples)
        elif augmenter is None and _worth_computing_once(model, examples):
            array = preprocess(preprocessing, examples)
        else:
            self._preprocessing = preprocessing
            array = np.asarray(examples)
        self.array = _resident(array)
        release_pages(examples)
        self._targets = tf.convert_to_tensor(split.y)
        self._replicas = strategy.num_replicas_in_sync

    def __len__(self):
        return self.array.shape[0]

    def input_signature(self, batch_size, columns):
        """Return the types of indices and columns, for any number of batches."""
        return tuple(tf.TensorSpec((None, batch_size), kind) for kind in (tf.int32, *columns))

    def iterator(self, order, start, stop, *columns):
        """Return the indices and columns of these batches."""
        return tuple(column[start:stop] for column in (order, *columns))

    def next_batch(self, iterator, step):
        """Return one batch's indices and columns."""
        return tuple(column[step] for column in iterator)

    def replica_shard(self, batch):
        """Return the indices and columns of this replica's rows."""
        local = batch[0].shape[0] // self._replicas
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        return tuple(tf.slice(column, [replica * local], [local]) for column in batch)

    def features(self, shard):
        """Gather the rows; augment and preprocess them unless that was done before."""
        rows, *columns = shard
        x = tf.gather(self.array, rows)
        if self._augmenter:
            x = self._augmenter.apply(x, columns)
        if self._preprocessing is not None:
            x = self._preprocessing(x)
        return x, tf.gather(self._targets, rows), *columns

    def close(self):
        """Do nothing."""


def preprocess(
    preprocessing: keras.Layer, examples: np.ndarray | Photos | Sequence[np.ndarray]
) -> np.ndarray:
    """Return the head's inputs for all examples, float32 (examples, features)."""
    if isinstance(examples, np.ndarray):
        any_batch = tf.TensorSpec((None, *examples.shape[1:]), examples.dtype)
        compute = tf.function(preprocessing, input_signature=[any_batch])
        parts = [compute(examples[at : at + _BATCH]) for at in range(0, len(examples), _BATCH)]
        return np.concatenate([part.numpy() for part in parts])
    # One photo at a time, of any size: the graph has no fixed shape.
    any_size = tf.TensorSpec((None, None, None, 3), tf.uint8)
    compute = tf.function(preprocessing, input_signature=[any_size])
    decoded = (
        tf.data.Dataset.range(len(examples))
        .map(
            lambda index: tf.ensure_shape(
                tf.numpy_function(lambda at: examples[int(at)], [index], tf.uint8),
                (None, None, 3),
            ),
            num_parallel_calls=os.cpu_count(),
        )
        .prefetch(8)
    )
    return np.concatenate([compute(photo[None]).numpy() for photo in decoded])


def resident_bytes(model: keras.Model, examples: np.ndarray | Photos) -> int:
    """Return the number of bytes that `ResidentExamples` of these examples need."""
    computed = preprocessing_of(model) is not None and _worth_computing_once(model, examples)
    if isinstance(examples, np.ndarray) and not computed:
        return examples.nbytes
    return _feature_bytes(model, examples)


def _resident(array: np.ndarray) -> tf.Tensor:
    """Copy an array into a tensor in chunks, so that it is never in memory twice."""
    buffer = np.empty(array.nbytes + _ALIGNMENT, np.uint8)
    start = -buffer.ctypes.data % _ALIGNMENT
    aligned = buffer[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    rows = max(1, _CHUNK_BYTES // max(1, array[:1].nbytes))
    for at in range(0, len(array), rows):
        aligned[at : at + rows] = array[at : at + rows]
        release_pages(array)
    # Shares the memory; `convert_to_tensor` would copy it.
    return tf.experimental.dlpack.from_dlpack(aligned.__dlpack__())


def _worth_computing_once(model: keras.Model, examples: np.ndarray | Photos) -> bool:
    if not isinstance(examples, np.ndarray):
        return True
    return _feature_bytes(model, examples) <= max(examples.nbytes, SMALL_BYTES)


def _feature_bytes(model: keras.Model, examples: np.ndarray | Photos) -> int:
    return 4 * model.get_layer("head").input_shape[-1] * len(examples)

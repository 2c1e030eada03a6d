"""Photos → what the head reads, computed once per image where nothing random comes before."""

from __future__ import annotations

import mmap
import os
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from zoo.nn.preprocessing import preprocessing_of
from zoo.training.augmentation import Augmenter

# Below this, features are kept in memory even where raw pixels would be smaller.
SMALL_BYTES = 16 * 2**20
_BATCH = 256
# What TensorFlow asks of memory that it did not allocate itself.
_ALIGNMENT = 64
_CHUNK_BYTES = 8 * 2**20


class Features:
    """The examples of one split, ready to be drawn by index inside a graph.

    Args:
        model: whose layer `preprocessing`, if it has one, comes before its head.
        examples: an array of examples, or a sequence of photos of different sizes.
        augmenter: moves photos, which then stay pixels until they are drawn.
    """

    def __init__(
        self,
        model: keras.Model,
        examples: Sequence[np.ndarray] | np.ndarray,
        augmenter: Augmenter | None = None,
    ):
        preprocessing = preprocessing_of(model)
        self._augmenter = augmenter
        self._in_graph = None
        if preprocessing is None:
            array = np.asarray(examples)
        elif augmenter is None and _worth_computing_once(model, examples):
            array = preprocess(preprocessing, examples)
        else:
            self._in_graph = preprocessing
            array = examples
        self.array = _resident(np.asarray(array))
        _release_pages(examples)

    def __len__(self) -> int:
        return self.array.shape[0]

    def batch(self, indices: tf.Tensor, drawn: Sequence[tf.Tensor] = ()) -> tf.Tensor:
        """Return the head's inputs for these examples, (len(indices), …), float32.

        Args:
            indices: int32 (batch,).
            drawn: what the augmenter, if there is one, is to do to each.
        """
        rows = tf.gather(self.array, indices)
        if self._augmenter:
            rows = self._augmenter.apply(rows, drawn)
        return rows if self._in_graph is None else self._in_graph(rows)


def preprocess(preprocessing: keras.Layer, examples) -> np.ndarray:
    """Return the head's inputs for all examples, float32 (examples, features)."""
    if isinstance(examples, np.ndarray):
        any_batch = tf.TensorSpec((None, *examples.shape[1:]), examples.dtype)
        compute = tf.function(preprocessing, input_signature=[any_batch])
        parts = [compute(examples[at : at + _BATCH]) for at in range(0, len(examples), _BATCH)]
        return np.concatenate([part.numpy() for part in parts])
    # One photo at a time, each of its own size: no shape is baked into the graph.
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


def resident_bytes(model: keras.Model, examples) -> int:
    """Return how much memory the examples take once they are ready to be drawn by index."""
    if preprocessing_of(model) is None or not _worth_computing_once(model, examples):
        return examples.nbytes
    return _feature_bytes(model, examples)


def _resident(array: np.ndarray) -> tf.Tensor:
    """Return a tensor in memory, of which a memory-mapped file is never there a second time.

    A training set is read from memory, not paged in from a file while the graph waits.
    """
    room = np.empty(array.nbytes + _ALIGNMENT, np.uint8)
    start = -room.ctypes.data % _ALIGNMENT
    aligned = room[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    rows = max(1, _CHUNK_BYTES // max(1, array[:1].nbytes))
    for at in range(0, len(array), rows):
        aligned[at : at + rows] = array[at : at + rows]
        _release_pages(array)
    # Shares the memory, where `convert_to_tensor` would copy it.
    return tf.experimental.dlpack.from_dlpack(aligned.__dlpack__())


def _release_pages(examples) -> None:
    """Let go of a memory-mapped file's pages, which are not needed in memory a second time."""
    while isinstance(examples, np.ndarray):
        examples = examples.base
    if isinstance(examples, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        examples.madvise(mmap.MADV_DONTNEED)


def _worth_computing_once(model: keras.Model, examples) -> bool:
    if not isinstance(examples, np.ndarray):
        return True
    return _feature_bytes(model, examples) <= max(examples.nbytes, SMALL_BYTES)


def _feature_bytes(model: keras.Model, examples) -> int:
    return 4 * model.get_layer("head").input_shape[-1] * len(examples)

"""The forward pass of a head in training, with what follows a dense layer compiled by XLA.

Batch normalization is a chain of small operations, each of which reads and writes the activations
of the whole batch; compiled with the activation after it, they are read and written once. Matrix
products stay outside, since XLA's are slower on a CPU, and so does dropout, whose random numbers
are much slower there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

Forward = Callable[[tf.Tensor], tf.Tensor]


def forward_of(head: keras.layers.Layer, strategy: tf.distribute.Strategy) -> Forward:
    """Return the function that computes a head's outputs in training, from a batch of its inputs.

    It computes what `head(x, training=True)` does, to rounding. Several replicas, which sum their
    statistics in the middle of a normalization, and TPUs, which compile the whole step, call the
    head itself, as do heads that are not a `Sequential` with batch normalization.

    Args:
        head: the layer `head` of a model.
        strategy: under whose scope it was built.
    """
    if (
        strategy.num_replicas_in_sync > 1
        or isinstance(strategy, tf.distribute.TPUStrategy)
        or not isinstance(head, keras.Sequential)
        or not any(_starts_run(layer) for layer in head.layers)
    ):
        return lambda x: head(x, training=True)
    stages = [
        _compiled(layers) if _starts_run(layers[0]) else _plain(layers)
        for layers in _runs(head.layers)
    ]

    def forward(x):
        for stage in stages:
            x = stage(x)
        return x

    return forward


def _runs(layers: Sequence[keras.layers.Layer]) -> list[list[keras.layers.Layer]]:
    """Return the layers one by one, but batch normalizations together with their activations."""
    runs: list[list[keras.layers.Layer]] = []
    for layer in layers:
        if runs and _starts_run(runs[-1][0]) and _is_pure(layer, keras.layers.Activation):
            runs[-1].append(layer)
        else:
            runs.append([layer])
    return runs


def _starts_run(layer: keras.layers.Layer) -> bool:
    return _is_pure(layer, keras.layers.BatchNormalization)


def _is_pure(layer: keras.layers.Layer, kind: type[keras.layers.Layer]) -> bool:
    # A layer's own loss would be a tensor of the compiled function, out of reach of the step.
    return isinstance(layer, kind) and layer.activity_regularizer is None


def _plain(layers: Sequence[keras.layers.Layer]) -> Forward:
    def stage(x):
        for layer in layers:
            x = layer(x, training=True) if layer._call_has_training_arg else layer(x)
        return x

    return stage


def _compiled(layers: Sequence[keras.layers.Layer]) -> Forward:
    return tf.function(_plain(layers), autograph=False, jit_compile=True)

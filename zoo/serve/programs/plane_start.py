"""How a training of the plane begins: initial weights, and everything that is random in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.serve.settings import PlaneSettings

if TYPE_CHECKING:
    import keras


def kernel_seed(seed: int, layer: int) -> int:
    """Return the seed of the initial kernel of a layer, numbered from 1."""
    return 100 * seed + layer


def bias_seed(seed: int, layer: int) -> int:
    """Return the seed of the initial biases of a layer, numbered from 1."""
    return 100 * seed + 20 + layer


def dropout_seed(seed: int, layer: int) -> int:
    """Return the seed of the dropout after a hidden layer, numbered from 1."""
    return 100 * seed + 40 + layer


def dense_layers(model: keras.Model) -> list[Any]:
    """Return the layers with a kernel: the hidden ones, and the output."""
    return [layer for layer in model.get_layer("head").layers if hasattr(layer, "kernel")]


def initial_weights(settings: PlaneSettings, model: keras.Model) -> np.ndarray:
    """Return the initial weights, one after another, float32.

    Random kernels are those of the models' own initializer, and biases are 0. The perceptron's
    weights are uniform up to its learning rate: if they started from 0, Wx + b would be whole
    multiples of it at the corners of the unit square, and often exactly 0.
    """
    import keras

    from zoo.models.plane_layers import kernel_initializer

    drawn: dict[str, keras.initializers.Initializer] = {}
    for number, layer in enumerate(dense_layers(model), 1):
        kernel, bias = kernel_seed(settings.seed, number), bias_seed(settings.seed, number)
        if settings.initial == "zero":
            drawn[layer.kernel.path] = keras.initializers.Zeros()
        elif settings.model == "perceptron":
            rate = settings.learning_rate
            drawn[layer.kernel.path] = keras.initializers.RandomUniform(-rate, rate, kernel)
            drawn[layer.bias.path] = keras.initializers.RandomUniform(-rate, rate, bias)
        else:
            drawn[layer.kernel.path] = kernel_initializer(kernel)
    constant = {"bias": keras.initializers.Zeros(), "alpha": keras.initializers.Constant(0.25)}
    parts = []
    for variable in model.weights:
        initializer = drawn.get(variable.path) or constant[variable.name]
        parts.append(np.asarray(initializer(variable.shape)).ravel())
    return np.concatenate(parts).astype(np.float32)

"""The compiled graphs of the networks of one shape, and the model that they train."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from zoo.models import build
from zoo.nn.losses import HalfSquaredError
from zoo.serve.settings import REGRESSION_DATA, PlaneSettings

# The option of TensorFlow that switches its graph optimizer off.
AS_WRITTEN = "disable_meta_optimizer"
_OPTIMIZERS = {
    "sgd": keras.optimizers.SGD,
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "rmsprop": keras.optimizers.RMSprop,
    "lion": keras.optimizers.Lion,
}


def has_values(settings: PlaneSettings) -> bool:
    """Return whether a network is to predict values; else it divides two classes."""
    own = settings.data == "own" and settings.task == "regression"
    return own or settings.data in REGRESSION_DATA


def registered(settings: PlaneSettings) -> tuple[str, dict[str, Any]]:
    """Return the registered model of these settings, and the options of its builder."""
    features = "" if settings.features == ["x1", "x2"] else ",".join(settings.features)
    if settings.model == "perceptron":
        return "perceptron", {"features": features, "learning_rate": settings.learning_rate}
    options: dict[str, Any] = {
        "features": features,
        "widths": ",".join(map(str, settings.widths)),
        "activations": ",".join(settings.activations),
        "dropout": settings.dropout,
        "regularization": settings.regularization,
        "regularization_rate": settings.regularization_rate,
    }
    if has_values(settings):
        return "plane_regressor", options
    return "plane_classifier", {**options, "loss": settings.loss}


def shape_of(settings: PlaneSettings) -> tuple:
    """Return what two settings have in common if one graph serves both."""
    name, options = registered(settings)
    options = {option: value for option, value in options.items() if option != "learning_rate"}
    # The perceptron is always trained in the same way.
    optimizer = "sgd" if name == "perceptron" else settings.optimizer
    return ("plane", name, tuple(options.items()), optimizer)


def plane_model(settings: PlaneSettings) -> keras.Model:
    """Return a new model, compiled as the playground trains it."""
    name, options = registered(settings)
    model = build(name, **options)
    optimizer = "sgd" if name == "perceptron" else settings.optimizer
    model.compile(
        optimizer=(
            keras.optimizers.SGD(settings.learning_rate, momentum=0.9)
            if optimizer == "momentum"
            else _OPTIMIZERS[optimizer](settings.learning_rate)
        ),
        loss=(
            keras.losses.BinaryCrossentropy()
            if options.get("loss") == "cross_entropy"
            else HalfSquaredError()
        ),
        # XLA takes seconds to compile, and may round otherwise.
        jit_compile=False,
    )
    return model


@contextlib.contextmanager
def _graphs_as_written() -> Iterator[None]:
    """Switch TensorFlow's graph optimizer off for the calls in the block."""
    before = tf.config.optimizer.get_experimental_options().get(AS_WRITTEN, False)
    tf.config.optimizer.set_experimental_options({AS_WRITTEN: True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({AS_WRITTEN: before})


class PlaneGraph:
    """A model and its optimizer, whose variables are set from vectors and read as vectors.

    Args:
        settings: of a training of this shape; what is no part of the shape has no effect.

    Attributes:
        model: its weights are those of whoever called last.
        slots: number of the optimizer's float32 variables, the learning rate being the first.
        counters: number of whole numbers: the optimizer's updates, and the states of dropout.
    """

    def __init__(self, settings: PlaneSettings):
        self.model = plane_model(settings)
        optimizer: Any = self.model.optimizer
        optimizer.build(self.model.trainable_variables)
        self._weights = [variable.value for variable in self.model.weights]
        self._slots = [v.value for v in optimizer.variables if v.dtype == "float32"]
        self._counters = [v.value for v in optimizer.variables if v.dtype != "float32"] + [
            v.value for v in self.model.non_trainable_variables if v.dtype != "float32"
        ]
        self.slots = sum(_size(variable) for variable in self._slots)
        self.counters = sum(_size(variable) for variable in self._counters)
        vector, indices = tf.TensorSpec([None]), tf.TensorSpec([None], tf.int32)
        whole, points = tf.TensorSpec([None], tf.int64), tf.TensorSpec([None, 2])
        targets = tf.TensorSpec([None, 1])
        self._is_run_as_written = bool(settings.dropout)
        self._compiled = tf.function(
            self._advance,
            input_signature=[vector, vector, whole, points, targets, indices, indices, indices],
            autograph=False,
        )
        self.outputs = tf.function(
            self._outputs, input_signature=[vector, points, points], autograph=False
        )

    def advance(self, *arguments: Any) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return weights, slots and counters after some updates; for the arguments see `_advance`.

        TensorFlow's graph optimizer takes the factor of dropout together with other factors, and in
        other ways inside a loop than outside of one. Graphs with dropout are therefore run as they
        are written, here and in the program that the page shows.
        """
        if not self._is_run_as_written:
            return self._compiled(*arguments)
        with _graphs_as_written():
            return self._compiled(*arguments)

    def _advance(self, weights, slots, counters, x, y, order, starts, stops):
        """Return weights, slots and counters after one update per start and stop in the order."""
        _assign(self._weights, weights)
        _assign(self._slots, slots)
        _assign(self._counters, counters)

        def update(number):
            rows = order[starts[number] : stops[number]]
            self._update(tf.gather(x, rows), tf.gather(y, rows))
            return (number + 1,)

        tf.while_loop(lambda number: number < tf.size(starts), update, (0,), parallel_iterations=1)
        return _joined(self._weights), _joined(self._slots), _joined(self._counters, tf.int64)

    def _update(self, x, y):
        """Do what `train_on_batch` does."""
        model = self.model
        with tf.GradientTape() as tape:
            loss = model.compute_loss(x, y, model(x, training=True), training=True)
        variables = model.trainable_variables
        model.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    def _outputs(self, weights, x, places):
        """Return the outputs for x, and for places the features and each hidden layer's units."""
        _assign(self._weights, weights)
        layers, seen = self.model.get_layer("head").layers, [places]
        found = places
        for before, layer in zip([None, *layers], layers, strict=False):
            found = layer(found)
            if layer.name == "features":
                seen[0] = found
            elif getattr(before, "name", "").startswith("hidden_"):
                seen.append(found)
        return self.model(x, training=False), seen


def _size(variable: tf.Variable) -> int:
    return int(np.prod(variable.shape))


def _assign(variables: list[tf.Variable], vector: tf.Tensor) -> None:
    start = 0
    for variable in variables:
        part = vector[start : start + _size(variable)]
        variable.assign(tf.cast(tf.reshape(part, variable.shape), variable.dtype))
        start += _size(variable)


def _joined(variables: list[tf.Variable], dtype: tf.DType = tf.float32) -> tf.Tensor:
    parts = [tf.cast(tf.reshape(variable, [-1]), dtype) for variable in variables]
    return tf.concat(parts, 0)

"""Assembles every model in the same form, input → (preprocessing →) head → output, and compiles it.

Metrics are passed as `weighted_metrics`, so that an evaluation can pad its last batch with examples
of weight 0, which Keras would count in plain `metrics`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from zoo.errors import ZooError
from zoo.nn.inputs import NumbersModel, PhotoModel
from zoo.nn.preprocessing import image_input
from zoo.registry.recipes import Recipe


def require_positive(**sizes: int) -> None:
    """Raise an error if one of these options is below 1.

    Raises:
        ZooError: naming the first such option.
    """
    for option, value in sizes.items():
        if value < 1:
            raise ZooError(f"Option {option!r} is {value}; give a whole number from 1 up.")


def vector_model(
    name: str,
    inputs: int,
    head: Sequence[keras.layers.Layer],
    *,
    recipe: Recipe,
    **compile_options: Any,
) -> keras.Model:
    """Return the compiled model x → head for float32 inputs of shape (batch, inputs)."""
    require_positive(inputs=inputs)
    x = keras.Input((inputs,), dtype="float32", name="x")
    model = NumbersModel(x, keras.Sequential(head, name="head")(x), name=name)
    model.compile(optimizer=recipe.build_optimizer(), **compile_options)
    return model


def image_model(
    name: str,
    preprocessing: keras.Sequential,
    head: Sequence[keras.layers.Layer],
    *,
    recipe: Recipe,
    **compile_options: Any,
) -> keras.Model:
    """Return the compiled model image → preprocessing → head for raw uint8 photos of any size."""
    image = image_input()
    outputs = keras.Sequential(head, name="head")(preprocessing(image))
    model = PhotoModel(image, outputs, name=name)
    model.compile(optimizer=recipe.build_optimizer(), **compile_options)
    return model


def probabilities(classes: int) -> keras.layers.Layer:
    """Return the softmax output layer of a classifier, which always computes in float32.

    Raises:
        ZooError: for fewer than 2 classes.
    """
    if classes < 2:
        raise ZooError(f"Option 'classes' is {classes}; a classifier needs at least 2.")
    return keras.layers.Activation("softmax", dtype="float32", name="probabilities")


def classification() -> dict:
    """Return compile options for a classifier: cross-entropy −Σ yᵢ log fᵢ (slide 18), accuracy.

    Labels are class indices, (batch,), in place of the lecture's one-hot vectors.
    """
    return {
        "loss": keras.losses.SparseCategoricalCrossentropy(),
        "weighted_metrics": [keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
    }


def regression() -> dict:
    """Return what a model of values is compiled with: mean squared error, and the task's metrics.

    Targets are numbers, (batch, values).
    """
    from zoo.nn.metrics import LargestError, RelativeL2

    return {
        "loss": keras.losses.MeanSquaredError(),
        "weighted_metrics": [
            keras.metrics.RootMeanSquaredError(name="rmse"),
            LargestError(),
            RelativeL2(),
        ],
    }


def binary_accuracy() -> keras.metrics.Metric:
    """Return the accuracy of outputs thresholded at ½."""
    return keras.metrics.BinaryAccuracy(name="accuracy", threshold=0.5)

"""The one shape of every model: input → (preprocessing →) head → output, compiled.

Metrics are given as `weighted_metrics`: then an evaluation can fill up its last batch with
examples of weight 0, which Keras would count in plain `metrics`.
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
    """Raise one sentence naming the first of these options that is below 1.

    Raises:
        ZooError: if one is.
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
    """Return the compiled model x → head, for `inputs` numbers of type float32."""
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
    """Return the compiled model image → preprocessing → head, for raw uint8 photos."""
    image = image_input()
    outputs = keras.Sequential(head, name="head")(preprocessing(image))
    model = PhotoModel(image, outputs, name=name)
    model.compile(optimizer=recipe.build_optimizer(), **compile_options)
    return model


def probabilities(classes: int) -> keras.layers.Layer:
    """Return the softmax layer, float32 under any precision, that ends a classifier.

    Raises:
        ZooError: for fewer than 2 classes.
    """
    if classes < 2:
        raise ZooError(f"Option 'classes' is {classes}; a classifier needs at least 2.")
    return keras.layers.Activation("softmax", dtype="float32", name="probabilities")


def classification() -> dict:
    """Return what a classifier is compiled with: cross-entropy −Σ yᵢ log fᵢ and accuracy (row 18).

    Labels are class indices, (batch,), which stand for the lecture's one-hot vectors.
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
    """Return the share of outputs on the label's side of ½."""
    return keras.metrics.BinaryAccuracy(name="accuracy", threshold=0.5)

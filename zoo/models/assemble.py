"""Assembles every model in the same form, input → (preprocessing →) head → output, and compiles it.

Metrics are passed as `weighted_metrics`, so that an evaluation can pad its last batch with examples
of weight 0, which Keras would count in plain `metrics`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras

from zoo.errors import ZooError
from zoo.nn.activations import activation_layer
from zoo.nn.inputs import NumbersModel, PhotoModel
from zoo.nn.preprocessing import image_input
from zoo.nn.scaling import own_units, standardization
from zoo.registry.recipes import Recipe
from zoo.utils.choices import require_choice


def require_positive(**sizes: int) -> None:
    """Raise an error if one of these options is below 1.

    Raises:
        ZooError: naming the first such option.
    """
    for option, value in sizes.items():
        if value < 1:
            raise ZooError(f"Option {option!r} is {value}; give a whole number from 1 up.")


def require_dropout(dropout: float) -> None:
    """Raise an error if a layer cannot set this fraction of units to 0.

    Raises:
        ZooError: if it is not from 0 up and below 1.
    """
    if not 0 <= dropout < 1:
        raise ZooError(f"Option 'dropout' is {dropout}; give a fraction from 0 up, below 1.")


def vector_model(
    name: str,
    inputs: int,
    head: Sequence[keras.layers.Layer],
    *,
    recipe: Recipe,
    standardize: bool = False,
    **compile_options: Any,
) -> keras.Model:
    """Return the compiled model x → (preprocessing →) head for float32 inputs (batch, inputs).

    Args:
        name: the model's name.
        inputs: number of inputs, at least 1.
        head: the layers of the head.
        recipe: for the optimizer.
        standardize: whether there is a layer `preprocessing`, which scales each input.
        **compile_options: for `compile`.

    Raises:
        ZooError: for fewer inputs than 1.
    """
    require_positive(inputs=inputs)
    x = keras.Input((inputs,), dtype="float32", name="x")
    features = standardization()(x) if standardize else x
    model = NumbersModel(x, keras.Sequential(head, name="head")(features), name=name)
    model.compile(optimizer=recipe.build_optimizer(), **compile_options)
    return model


def numbers_or_photos(
    name: str,
    inputs: int,
    preprocessing: Callable[[], keras.Sequential],
    head: Sequence[keras.layers.Layer],
    *,
    recipe: Recipe,
    standardize: bool = False,
    **compile_options: Any,
) -> keras.Model:
    """Return the compiled model of rows of `inputs` numbers, or of photos if `inputs` is 0.

    Args:
        name: the model's name.
        inputs: number of inputs; 0 for photos.
        preprocessing: returns the layer `preprocessing` for photos.
        head: the layers of the head.
        recipe: for the optimizer.
        standardize: as for `vector_model`; photos are scaled in any case.
        **compile_options: for `compile`.

    Raises:
        ZooError: for fewer inputs than 0.
    """
    if inputs < 0:
        raise ZooError(f"Option 'inputs' is {inputs}; give the number of inputs, or 0 for photos.")
    if not inputs:
        return image_model(name, preprocessing(), head, recipe=recipe, **compile_options)
    return vector_model(
        name, inputs, head, standardize=standardize, recipe=recipe, **compile_options
    )


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


def hidden_layers(
    depth: int,
    width: int,
    activation: str,
    normalization: str,
    dropout: float,
    first: Mapping[str, Any] | None = None,
) -> list[keras.layers.Layer]:
    """Return `depth` dense layers, each with its activation, and with what else is asked for.

    Args:
        depth: number of dense layers, at least 0.
        width: units of each, at least 1.
        activation: one of the lecture's ten activations.
        normalization: before each activation: "none", "batch" (over all replicas) or "layer".
        dropout: fraction of units set to 0 in training, 0 ≤ dropout < 1.
        first: arguments of the first dense layer that differ from those of the others.

    Raises:
        ZooError: for an option out of its range.
    """
    require_positive(width=width)
    require_choice("normalization", normalization, ("none", "batch", "layer"))
    if depth < 0:
        raise ZooError(f"Option 'depth' is {depth}; give 0 (no hidden layer) or more.")
    require_dropout(dropout)
    layers: list[keras.layers.Layer] = []
    for layer in range(1, depth + 1):
        arguments = {"kernel_initializer": "he_normal", **((layer == 1 and first) or {})}
        layers.append(keras.layers.Dense(width, name=f"hidden_{layer}", **arguments))
        if normalization == "batch":
            layers.append(keras.layers.BatchNormalization(synchronized=True))
        elif normalization == "layer":
            layers.append(keras.layers.LayerNormalization())
        layers.append(activation_layer(activation))
        if dropout:
            layers.append(keras.layers.Dropout(dropout))
    return layers


def value_layers(standardize: bool) -> list[keras.layers.Layer]:
    """Return what follows a model's linear outputs: if asked, a layer that scales them."""
    return [own_units()] if standardize else []


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

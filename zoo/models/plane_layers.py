"""The layers of the networks of the plane: features, and hidden layers of widths of their own."""

from __future__ import annotations

import keras

from zoo.errors import ZooError
from zoo.models.assemble import require_dropout
from zoo.nn.activations import activation_layer
from zoo.nn.features import input_features
from zoo.utils.choices import require_choice

REGULARIZATIONS = ("none", "l1", "l2")
LOSSES = ("half_squared", "cross_entropy")


def plane_layers(
    features: str,
    widths: str,
    activations: str,
    regularization: str,
    regularization_rate: float,
    dropout: float,
) -> list[keras.layers.Layer]:
    """Return the layers up to the output's Dense layer of one unit, which is the last.

    Args:
        features: names of the features, such as "x1,x2,x1*x2", or "" for the inputs themselves.
        widths: units of each hidden layer, such as "4,2"; "" for no hidden layer.
        activations: of each hidden layer, or one for all.
        regularization: of the kernels: "none", "l1" or "l2".
        regularization_rate: the factor of the sum of absolute values or squares, at least 0.
        dropout: fraction of hidden units set to 0 in training, 0 ≤ dropout < 1.

    Raises:
        ZooError: for an option out of its range.
    """
    require_choice("regularization", regularization, REGULARIZATIONS)
    require_dropout(dropout)
    if regularization_rate < 0:
        raise ZooError(
            f"Option 'regularization_rate' is {regularization_rate}; give a number from 0 up."
        )
    units = _widths(widths)
    names = _activations(activations, len(units))

    def dense(width: int, name: str) -> keras.layers.Dense:
        return keras.layers.Dense(
            width,
            kernel_initializer=kernel_initializer(),
            kernel_regularizer=_regularizer(regularization, regularization_rate),
            name=name,
        )

    layers = input_features(features)
    for number, (width, activation) in enumerate(zip(units, names, strict=True), 1):
        layers += [dense(width, f"hidden_{number}"), activation_layer(activation)]
        if dropout:
            layers.append(keras.layers.Dropout(dropout))
    return [*layers, dense(1, "output")]


def kernel_initializer(seed: int | None = None) -> keras.initializers.Initializer:
    """Return what draws the initial kernels of these networks."""
    return keras.initializers.GlorotNormal(seed)


def _regularizer(name: str, rate: float) -> keras.regularizers.Regularizer | None:
    if name == "none" or not rate:
        return None
    return keras.regularizers.L1(rate) if name == "l1" else keras.regularizers.L2(rate)


def _widths(text: str) -> list[int]:
    try:
        widths = [int(part) for part in text.split(",")] if text.strip() else []
    except ValueError:
        widths = [0]
    if any(width < 1 for width in widths):
        raise ZooError(f"Option 'widths' is {text!r}; give whole numbers from 1 up, such as 4,2.")
    return widths


def _activations(text: str, layers: int) -> list[str]:
    names = [part.strip() for part in text.split(",")] if text.strip() else []
    if len(names) == 1:
        return names * layers
    if len(names) != layers:
        raise ZooError(
            f"Option 'activations' names {len(names)} for {layers} hidden layers; give one for "
            "each, or one for all."
        )
    return names

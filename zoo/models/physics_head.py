"""Assembles physics-informed networks: x → features → dense layers → equation → u."""

from __future__ import annotations

from typing import Any

import keras

from zoo.errors import ZooError
from zoo.models.assemble import require_positive
from zoo.nn.activation_names import NAMES
from zoo.nn.activations import activation_layer
from zoo.nn.physics import Equation, PhysicsModel
from zoo.registry.recipes import Recipe

# The lecture's activations whose second derivative is not 0.
SMOOTH = ("sigmoid", "elu", "tanh", "swish", "softplus")


def physics_model(
    name: str,
    inputs: int,
    features: keras.layers.Layer,
    equation: Equation,
    *,
    depth: int,
    width: int,
    activation: str,
    recipe: Recipe,
    **compile_options: Any,
) -> PhysicsModel:
    """Return the compiled model of a solution u, float32 (batch, inputs) → (batch, 1).

    Args:
        name: the model's name.
        inputs: number of inputs, such as 2 for (x, t).
        features: layer that maps the inputs to what the first dense layer gets, of magnitude 1,
            such as `MinMaxScaling`.
        equation: the last layer.
        depth: number of hidden layers, at least 1.
        width: units of each, at least 1.
        activation: of the hidden layers, one of `SMOOTH`.
        recipe: for the optimizer.
        **compile_options: for `compile`.

    Raises:
        ZooError: for an option out of its range.
    """
    require_positive(depth=depth, width=width)
    if activation in NAMES and activation not in SMOOTH:
        raise ZooError(
            f"Option 'activation' is {activation!r}, whose second derivative is 0, so that u "
            f"cannot satisfy an equation of second order; choose from {', '.join(SMOOTH)}."
        )
    point = keras.Input((inputs,), dtype="float32", name="point")
    hidden = features(point)
    for layer in range(1, depth + 1):
        dense = keras.layers.Dense(
            width, kernel_initializer="glorot_normal", name=f"hidden_{layer}"
        )
        hidden = activation_layer(activation)(dense(hidden))
    raw = keras.layers.Dense(1, kernel_initializer="glorot_normal", name="raw")(hidden)
    head = keras.Model(point, equation([point, raw]), name="head")
    x = keras.Input((inputs,), dtype="float32", name="x")
    model = PhysicsModel(x, head(x), name=name)
    model.compile(optimizer=recipe.build_optimizer(), **compile_options)
    return model

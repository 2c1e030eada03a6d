"""Rosenblatt's perceptron (1957), slide 2."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from zoo.registry import register
from zoo.registry.recipes import Recipe
from zoo.registry.tasks import Threshold

if TYPE_CHECKING:
    import keras

RECIPE = Recipe(
    epochs=20,
    batch_size=1,
    learning_rate=1.0,
    note="One example per update; with zero initial weights the learning rate only scales w and b.",
)


@register(
    "perceptron",
    task=Threshold(0.5),
    dataset="blobs",
    slides=(2, 4, 5),
    equation="y = σ(Σ wⱼxⱼ + b), σ the step",
    output="1 if the unit fires, which means {second}; 0 if not, which means {first}",
    training_options=("learning_rate",),
    recipes={"lecture": RECIPE},
)
def perceptron(
    inputs: int = 2,
    learning_rate: float = RECIPE.learning_rate,
    standardize: bool = False,
    features: str = "",
) -> keras.Model:
    """Build Rosenblatt's perceptron: one unit that fires iff Σ wⱼxⱼ + b ≥ 0.

    With batch size 1, `fit` computes Rosenblatt's rule w ← w + r(ŷ − y)x, b ← b + r(ŷ − y),
    bit for bit: the loss is ½(ŷ − y)², with a straight-through gradient for the step. On separable
    data with margin γ inside radius R it makes at most (R/γ)² mistakes (Novikoff, 1962). It
    cannot learn XOR, which is not linearly separable (slide 5), unless it is given the feature
    x₁x₂.

    Args:
        inputs: number of inputs, at least 1.
        learning_rate: r, above 0.
        standardize: scale inputs by mean and variance, which training sets.
        features: what the unit takes: such as "x1,x2,x1*x2"; "" for the inputs themselves.

    Returns:
        A compiled model, float32 (batch, inputs) → 0 or 1, (batch, 1); weights start at zero.

    Raises:
        ZooError: for a feature that there is not.
    """
    import keras

    from zoo.models.assemble import binary_accuracy, vector_model
    from zoo.nn.activations import activation_layer
    from zoo.nn.features import input_features
    from zoo.nn.losses import HalfSquaredError

    return vector_model(
        "perceptron",
        inputs,
        [
            *input_features(features),
            keras.layers.Dense(1, kernel_initializer="zeros", name="unit"),
            activation_layer("step"),
        ],
        standardize=standardize,
        recipe=replace(RECIPE, learning_rate=learning_rate),
        loss=HalfSquaredError(),
        weighted_metrics=[binary_accuracy()],
        # XLA may fuse r(ŷ − y)x + w into one rounding; the rule as written rounds twice.
        jit_compile=False,
    )

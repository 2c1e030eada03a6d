"""Stacked layers, slide 8, with values as outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo.registry import register
from zoo.registry.recipes import Recipe
from zoo.registry.tasks import Values

if TYPE_CHECKING:
    import keras

RECIPE = Recipe(
    epochs=200,
    batch_size=32,
    learning_rate=3e-3,
    optimizer="adamw",
    weight_decay=0.03,
    schedule="cosine",
    note="The weight decay keeps weights small, so that 8 bits are enough for them.",
)

TABLE = Recipe(
    epochs=200,
    batch_size=200,
    learning_rate=1e-3,
    optimizer="adam",
    options={"depth": 1, "width": 128},
    note="For tables of a few hundred rows, which a deeper network overfits.",
)


@register(
    "deep_regression",
    task=Values(),
    dataset="gaussian",
    equation="y = W_{d+1} max(0, W_d … max(0, W₁x + b₁) … + b_d) + b_{d+1}",
    output="the predicted values, in the units of the training data",
    recipes={"best": RECIPE, "table": TABLE},
    training_options=("dropout",),
)
def deep_regression(
    depth: int = 3,
    width: int = 64,
    activation: str = "relu",
    normalization: str = "none",
    dropout: float = 0.0,
    inputs: int = 2,
    size: int = 32,
    grayscale: bool = False,
    values: int = 1,
    standardize: bool = False,
) -> keras.Model:
    """Build a network that predicts values, with any number of hidden layers.

    Args:
        depth: number of hidden layers, at least 0; 0 is linear regression.
        width: units per hidden layer, at least 1.
        activation: of the hidden layers, one of the lecture's ten activations.
        normalization: before each activation: "none", "batch" (over all replicas) or "layer".
        dropout: fraction of hidden units set to 0 in training, 0 ≤ dropout < 1.
        inputs: number of inputs for rows of numbers; 0 for photos.
        size: height and width of photos after the resize, at least 1.
        grayscale: convert photos to gray if true, else use the three colour channels.
        values: number of values, at least 1.
        standardize: scale values, and inputs that are numbers, by mean and variance, which training
            sets; the loss is that of the scaled values.

    Returns:
        A compiled model, float32 (batch, inputs), or uint8 photos (batch, h, w, 3), → float32
        (batch, values).

    Raises:
        ZooError: for an option out of its range.
    """
    import keras

    from zoo.models.assemble import (
        hidden_layers,
        numbers_or_photos,
        regression,
        require_positive,
        value_layers,
    )
    from zoo.nn.preprocessing import image_preprocessing

    require_positive(size=size, values=values)
    return numbers_or_photos(
        "deep_regression",
        inputs,
        lambda: image_preprocessing(size, grayscale),
        [
            *hidden_layers(depth, width, activation, normalization, dropout),
            keras.layers.Dense(values, dtype="float32", name="values"),
            *value_layers(standardize),
        ],
        standardize=standardize,
        recipe=RECIPE,
        **regression(),
    )

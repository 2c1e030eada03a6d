"""Linear regression, the classifier W x + b of slide 16 with values as targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo.registry import register
from zoo.registry.recipes import Recipe
from zoo.registry.tasks import Values

if TYPE_CHECKING:
    import keras

EXACT = Recipe(
    epochs=1,
    batch_size=128,
    learning_rate=1e-2,
    solver="exact",
    note="Ridge regression: the minimum of the squared error with the penalty λ ‖W‖².",
)
GRADIENT = Recipe(
    epochs=200,
    batch_size=32,
    learning_rate=1e-2,
    optimizer="adam",
    schedule="cosine",
    note="The learning rate falls to 0, so that the last steps end at the minimum.",
)


@register(
    "linear_regression",
    task=Values(),
    dataset="plane",
    equation="y = W x + b, min Σ ‖W xᵢ + b − yᵢ‖²",
    output="the predicted values, in the units of the training data",
    recipes={"best": EXACT, "gradient": GRADIENT},
)
def linear_regression(inputs: int = 2, values: int = 1, standardize: bool = False) -> keras.Model:
    """Build linear regression: numbers → W x + b, trained with the squared error of slide 16.

    Args:
        inputs: number of inputs, at least 1.
        values: number of values, at least 1.
        standardize: scale inputs and values by mean and variance, which training sets; W and b are
            then for the scaled numbers.

    Returns:
        A compiled model, float32 (batch, inputs) → float32 (batch, values).
    """
    import keras

    from zoo.models.assemble import regression, require_positive, value_layers, vector_model

    require_positive(values=values)
    dense = keras.layers.Dense(values, kernel_initializer="zeros", dtype="float32", name="values")
    return vector_model(
        "linear_regression",
        inputs,
        [dense, *value_layers(standardize)],
        standardize=standardize,
        recipe=GRADIENT,
        **regression(),
    )

"""One hidden layer that approximates a function, slide 12."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from zoo.registry import register
from zoo.registry.recipes import Recipe
from zoo.registry.tasks import Values

if TYPE_CHECKING:
    import keras

TRAINED = Recipe(
    epochs=500,
    batch_size=41,
    learning_rate=2e-2,
    optimizer="adam",
    schedule="cosine",
    note="The network is that of the interpolant; training does not find weights as good.",
)
# Its other numbers are for whoever chooses another solver.
INTERPOLANT = replace(
    TRAINED.by_solver("construction"),
    note="ReLU units add up to the line through values of the function: error ≤ max|f″| h² / 8.",
)
BUMPS = replace(
    INTERPOLANT,
    options={"activation": "sigmoid"},
    note="A pair of steep sigmoids is 1 on one interval and 0 elsewhere: error ≤ max|f′| h / 2.",
)


@register(
    "universal_approximator",
    task=Values("largest_error"),
    dataset="curve:nielsen",
    slides=(12,),
    equation="y = W₂ σ(W₁ x + b₁) + b₂",
    output="the value of the function at x",
    recipes={"interpolant": INTERPOLANT, "bumps": BUMPS, "trained": TRAINED},
)
def universal_approximator(
    width: int = 256,
    activation: str = "relu",
    inputs: int = 1,
    values: int = 1,
    standardize: bool = False,
) -> keras.Model:
    """Build a network with one hidden layer, which approximates any continuous function.

    With enough hidden units, the largest error over an interval, or over any bounded closed set of
    inputs, is as small as wanted (Cybenko, 1989, for sigmoids), for every activation that is not a
    polynomial (Leshno, Lin, Pinkus and Schocken, 1993), and so for each of the lecture's ten except
    linear. That such weights exist does not say that training finds them: the recipes
    `interpolant` and `bumps` compute weights for one input directly, with a known bound of the
    error, and `trained` uses gradient descent.

    Args:
        width: number of hidden units, at least 1.
        activation: σ, one of the lecture's ten activations.
        inputs: number of inputs, at least 1.
        values: number of values, at least 1.
        standardize: scale inputs and values by mean and variance, which training sets; W and b are
            then for the scaled numbers.

    Returns:
        A compiled model, float32 (batch, inputs) → float32 (batch, values).

    Raises:
        ZooError: for an option out of its range.
    """
    import keras

    from zoo.models.assemble import regression, require_positive, value_layers, vector_model
    from zoo.nn.activations import activation_layer

    require_positive(width=width, values=values)
    return vector_model(
        "universal_approximator",
        inputs,
        [
            keras.layers.Dense(
                width,
                kernel_initializer="he_normal",
                # Spread, so that not all units bend at x = 0.
                bias_initializer=keras.initializers.RandomUniform(-1, 1),
                name="hidden",
            ),
            activation_layer(activation),
            keras.layers.Dense(values, dtype="float32", name="values"),
            *value_layers(standardize),
        ],
        standardize=standardize,
        recipe=TRAINED,
        **regression(),
    )

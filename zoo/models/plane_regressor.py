"""A network that predicts a value for each point of the plane, slide 11."""

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
    learning_rate=0.02,
    optimizer="adam",
    schedule="cosine",
    options={"widths": "32,32", "activations": "swish,tanh"},
    note="Six bumps need more units than two classes of points.",
)


@register(
    "plane_regressor",
    task=Values(),
    dataset="gaussian",
    slides=(8, 11),
    equation="y = W_{d+1} σ_d(W_d … σ₁(W₁ φ(x) + b₁) … + b_d) + b_{d+1}",
    output="the predicted value, in the units of the training data",
    recipes={"best": RECIPE},
    training_options=("dropout", "regularization", "regularization_rate"),
)
def plane_regressor(
    widths: str = "4,2",
    activations: str = "tanh",
    features: str = "",
    regularization: str = "none",
    regularization_rate: float = 0.0,
    dropout: float = 0.0,
    inputs: int = 2,
    standardize: bool = False,
) -> keras.Model:
    """Build a network for a value over the plane, as the playground of `zoo serve` trains them.

    Args:
        widths: units of each hidden layer, such as "4,2"; "" for no hidden layer.
        activations: of each hidden layer, such as "relu,tanh", or one for all; the lecture's ten.
        features: φ(x), what the first layer takes: such as "x1,x2,x1^2,x1*x2,sin(x2)"; "" for the
            inputs themselves.
        regularization: of the kernels: "none", "l1" or "l2".
        regularization_rate: the factor of the sum of absolute values or squares, at least 0.
        dropout: fraction of hidden units set to 0 in training, 0 ≤ dropout < 1.
        inputs: number of inputs, at least 1.
        standardize: scale inputs and the value by mean and variance, which training sets.

    Returns:
        A compiled model, float32 (batch, inputs) → float32 (batch, 1).

    Raises:
        ZooError: for an option out of its range.
    """
    from zoo.models.assemble import regression, value_layers, vector_model
    from zoo.models.plane_layers import plane_layers

    return vector_model(
        "plane_regressor",
        inputs,
        [
            *plane_layers(
                features, widths, activations, regularization, regularization_rate, dropout
            ),
            *value_layers(standardize),
        ],
        standardize=standardize,
        recipe=RECIPE,
        **regression(),
    )

"""A network that divides the plane, slide 11, with widths and activations layer by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo.registry import register
from zoo.registry.recipes import Recipe
from zoo.registry.tasks import Threshold

if TYPE_CHECKING:
    import keras

RECIPE = Recipe(
    epochs=100,
    batch_size=10,
    learning_rate=0.1,
    momentum=0.9,
    note="The settings with which the playground of `zoo serve` begins.",
)


@register(
    "plane_classifier",
    task=Threshold(0.5),
    dataset="circle",
    slides=(8, 11),
    equation="y = sigmoid(W_{d+1} σ_d(W_d … σ₁(W₁ φ(x) + b₁) … + b_d) + b_{d+1})",
    output="a number from 0 to 1: from 0.5 up {second}, below it {first}",
    recipes={"lecture": RECIPE},
    training_options=("dropout", "regularization", "regularization_rate", "loss"),
)
def plane_classifier(
    widths: str = "4,2",
    activations: str = "tanh",
    features: str = "",
    regularization: str = "none",
    regularization_rate: float = 0.0,
    dropout: float = 0.0,
    loss: str = "half_squared",
    inputs: int = 2,
    standardize: bool = False,
) -> keras.Model:
    """Build a network for two classes of points, as the playground of `zoo serve` trains them.

    Args:
        widths: units of each hidden layer, such as "4,2"; "" for no hidden layer.
        activations: of each hidden layer, such as "relu,tanh", or one for all; the lecture's ten.
        features: φ(x), what the first layer takes: such as "x1,x2,x1^2,x1*x2,sin(x2)"; "" for the
            inputs themselves.
        regularization: of the kernels: "none", "l1" or "l2".
        regularization_rate: the factor of the sum of absolute values or squares, at least 0.
        dropout: fraction of hidden units set to 0 in training, 0 ≤ dropout < 1.
        loss: "half_squared", ½(ŷ − y)², or "cross_entropy".
        inputs: number of inputs, at least 1.
        standardize: scale inputs by mean and variance, which training sets.

    Returns:
        A compiled model, float32 (batch, inputs) → float32 (batch, 1), 0 to 1.

    Raises:
        ZooError: for an option out of its range.
    """
    from zoo.models.assemble import binary_accuracy, vector_model
    from zoo.models.plane_layers import LOSSES, plane_layers
    from zoo.nn.activations import activation_layer
    from zoo.nn.losses import HalfSquaredError
    from zoo.utils.choices import require_choice

    require_choice("loss", loss, LOSSES)
    return vector_model(
        "plane_classifier",
        inputs,
        [
            *plane_layers(
                features, widths, activations, regularization, regularization_rate, dropout
            ),
            activation_layer("sigmoid"),
        ],
        standardize=standardize,
        recipe=RECIPE,
        loss=HalfSquaredError() if loss == "half_squared" else "binary_crossentropy",
        weighted_metrics=[binary_accuracy()],
    )

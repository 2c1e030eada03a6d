"""The multi-layer perceptron that solves XOR, slides 5 to 7."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo.registry import register
from zoo.registry.recipes import Recipe
from zoo.registry.tasks import Threshold

if TYPE_CHECKING:
    import keras

RECIPE = Recipe(
    epochs=100,
    batch_size=4,
    learning_rate=0.2,
    optimizer="adam",
    note="With swish hidden units every seed succeeds; see the model's description.",
)


@register(
    "xor_mlp",
    task=Threshold(0.5),
    dataset="xor",
    slides=(5, 6, 7),
    equation="hᵢ = σ_h(Σⱼ w_h,ij xⱼ + b_h), y = σ_o(Σⱼ w_o,j hⱼ + b_o), L = ½‖y − ŷ‖²",
    output="a number from 0 to 1: from 0.5 up {second}, below it {first}",
    recipes={"lecture": RECIPE},
)
def xor_mlp(
    hidden: int = 2,
    hidden_activation: str = "swish",
    output_activation: str = "sigmoid",
    inputs: int = 2,
    standardize: bool = False,
) -> keras.Model:
    """Build a network with one hidden layer, which can separate XOR with two lines.

    Whether two hidden units suffice in training depends on σ_h. With a monotone σ_h (sigmoid,
    tanh, ELU) the two units must align to two parallel lines, and gradient descent, with momentum
    or Adam too, often stops in a local minimum with two of the four outputs at ½; more epochs
    rarely help. Swish is not monotone: near zero it is z/2 + z²/4, and z² contains the product x₁x₂
    that XOR needs, so the gradient points to a solution from the first step. Zero output weights
    start every seed at y = ½, and orthogonal hidden weights give two different directions of equal
    length.

    Args:
        hidden: number of hidden units, at least 1.
        hidden_activation: σ_h, one of the lecture's ten activations.
        output_activation: σ_o, one of the lecture's ten activations.
        inputs: number of inputs, at least 1.
        standardize: scale inputs by mean and variance, which training sets.

    Returns:
        A compiled model, float32 (batch, inputs) → float32 (batch, 1).
    """
    import keras

    from zoo.models.assemble import binary_accuracy, require_positive, vector_model
    from zoo.nn.activations import activation_layer
    from zoo.nn.losses import HalfSquaredError

    require_positive(hidden=hidden)
    return vector_model(
        "xor_mlp",
        inputs,
        [
            keras.layers.Dense(hidden, kernel_initializer="orthogonal", name="hidden"),
            activation_layer(hidden_activation),
            keras.layers.Dense(1, kernel_initializer="zeros", name="output"),
            activation_layer(output_activation),
        ],
        standardize=standardize,
        recipe=RECIPE,
        loss=HalfSquaredError(),
        weighted_metrics=[binary_accuracy()],
    )

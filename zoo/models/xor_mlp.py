"""The multi-layer perceptron that solves XOR, lecture rows 5 to 7."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo.registry import Recipe, register

if TYPE_CHECKING:
    import keras

RECIPE = Recipe(
    epochs=200,
    batch_size=4,
    learning_rate=0.1,
    optimizer="adam",
    note="Swish hidden units are what makes every seed succeed; see the model's description.",
)


@register(
    "xor_mlp",
    task="binary",
    dataset="xor",
    lecture=(5, 6, 7),
    equation="hᵢ = σ_h(Σⱼ w_h,ij xⱼ + b_h), y = σ_o(Σⱼ w_o,j hⱼ + b_o), L = ½‖y − ŷ‖²",
    output="from 0.5 up the second label (1), below it the first (0)",
    threshold=0.5,
    recipe=RECIPE,
)
def xor_mlp(
    hidden: int = 2, hidden_activation: str = "swish", output_activation: str = "sigmoid"
) -> keras.Model:
    """Build a network with one hidden layer, which can draw the two lines that XOR needs.

    Whether two hidden units find XOR depends on σ_h more than on the optimizer. Monotone units
    (sigmoid, tanh, ReLU and its kin) settle on a plateau where three of the four rows are right:
    plain gradient descent from Glorot weights leaves about four seeds in ten there with tanh.
    Swish is not monotone: it bends back below zero, so a unit can rise on both sides of a line.
    With it gradient descent leaves the plateau from practically every start, and Adam within
    some 20 updates.

    Args:
        hidden: hidden units, at least 1.
        hidden_activation: σ_h, one of the lecture's ten activations.
        output_activation: σ_o, likewise.

    Returns:
        A compiled model, float32 (batch, 2) → float32 (batch, 1).
    """
    import keras

    from zoo.activations import activation_layer
    from zoo.losses import HalfSquaredError
    from zoo.models.assemble import binary_accuracy, require_positive, vector_model

    require_positive(hidden=hidden)
    return vector_model(
        "xor_mlp",
        2,
        [
            keras.layers.Dense(hidden, name="hidden"),
            activation_layer(hidden_activation),
            keras.layers.Dense(1, name="output"),
            activation_layer(output_activation),
        ],
        recipe=RECIPE,
        loss=HalfSquaredError(),
        weighted_metrics=[binary_accuracy()],
    )

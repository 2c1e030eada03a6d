"""The 10-way softmax classifier, slides 17 to 19."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from zoo.registry import register
from zoo.registry.recipes import Recipe
from zoo.registry.tasks import Classes

if TYPE_CHECKING:
    import keras

RECIPE = Recipe(
    epochs=20,
    batch_size=128,
    learning_rate=1e-4,
    optimizer="adam",
    schedule="cosine",
    note="The problem is convex: a small learning rate that falls to 0 ends near the optimum.",
)

BEST = Recipe(
    epochs=1,
    batch_size=128,
    learning_rate=1e-4,
    solver="lbfgs",
    note="Softmax regression with the penalty λ/2 ‖W‖².",
)
RGB = replace(
    BEST,
    options={"size": 32, "grayscale": False},
    note="Softmax regression on RGB pixels, W 10 × 3072.",
)

TABLE = Recipe(
    epochs=200,
    batch_size=200,
    learning_rate=1e-2,
    solver="lbfgs",
    note="For rows of numbers: softmax regression with the penalty λ/2 ‖W‖².",
)


@register(
    "cifar_softmax",
    task=Classes(),
    dataset="cifar10",
    slides=(17, 18, 19),
    equation="f = softmax(σ(W x + b)), min −Σ yᵢ log fᵢ, W 10 × 4096",
    output="one probability per label, which add up to 1; the largest wins",
    recipes={"lecture": RECIPE, "best": BEST, "rgb": RGB, "table": TABLE},
)
def cifar_softmax(
    size: int = 64,
    grayscale: bool = True,
    activation: str = "linear",
    classes: int = 10,
    inputs: int = 0,
    standardize: bool = False,
    standardize_photos: bool = False,
) -> keras.Model:
    """Build the lecture's softmax classifier: image → gray → 64 × 64 → softmax(σ(W x + b)).

    Args:
        size: height and width of photos after the resize, at least 1.
        grayscale: gray, as on the slides; `grayscale=False, size=32` gives a W of 10 × 3072.
        activation: σ, one of the lecture's ten activations.
        classes: number of classes, at least 2.
        inputs: number of inputs for rows of numbers; 0 for photos.
        standardize: scale inputs that are numbers by mean and variance, which training sets.
        standardize_photos: scale each photo by its own mean and deviation, so that the answer does
            not depend on its brightness and contrast.

    Returns:
        A compiled model, uint8 photos (batch, h, w, 3), or float32 (batch, inputs), → float32
        probabilities (batch, classes).
    """
    import keras

    from zoo.models.assemble import (
        classification,
        numbers_or_photos,
        probabilities,
        require_positive,
    )
    from zoo.nn.activations import activation_layer
    from zoo.nn.preprocessing import image_preprocessing

    require_positive(size=size)
    # Zero initial weights leave no noise in images of W, but some σ (ReLU) have no gradient there.
    initializer = "zeros" if activation == "linear" else "glorot_uniform"
    return numbers_or_photos(
        "cifar_softmax",
        inputs,
        lambda: image_preprocessing(size, grayscale, standardize=standardize_photos),
        [
            keras.layers.Dense(classes, kernel_initializer=initializer, name="logits"),
            activation_layer(activation),
            probabilities(classes),
        ],
        standardize=standardize,
        recipe=RECIPE,
        **classification(),
    )

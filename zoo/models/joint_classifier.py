"""A classifier of image patches: one probability per joint, slide 10."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from zoo.registry import register
from zoo.registry.recipes import Augmentation, Recipe
from zoo.registry.tasks import Classes

if TYPE_CHECKING:
    import keras

LINEAR = Recipe(
    epochs=10,
    batch_size=128,
    learning_rate=1e-3,
    optimizer="adamw",
    weight_decay=0.1,
    schedule="cosine",
    options={"depth": 0, "features": "pixels"},
    note="The linear classifier on the pixels, for comparison.",
)

BEST = Recipe(
    epochs=12,
    batch_size=128,
    learning_rate=2e-3,
    optimizer="adamw",
    weight_decay=0.1,
    schedule="cosine",
    warmup=0.05,
    label_smoothing=0.1,
    augmentation=Augmentation(flip=True, shift=2, zoom=0.15, rotation=20),
    options={"normalization": "batch", "dropout": 0.2},
    note="Left and right are one class, so that patches may be mirrored.",
)

PHOTOS = replace(
    BEST,
    epochs=40,
    augmentation=Augmentation(flip=True, shift=2, zoom=0.2, rotation=30),
    note="For the few thousand patches of some hundred photos.",
)


@register(
    "joint_classifier",
    task=Classes(),
    dataset="figures",
    slides=(10,),
    equation="f = softmax(W_{d+1} max(0, W_d … max(0, W₁x + b₁) … + b_d) + b_{d+1})",
    output="one probability per joint and one for the background; the largest wins",
    recipes={"linear": LINEAR, "best": BEST, "photos": PHOTOS},
    training_options=("dropout",),
)
def joint_classifier(
    depth: int = 2,
    width: int = 192,
    activation: str = "relu",
    normalization: str = "none",
    dropout: float = 0.0,
    features: str = "gradients",
    size: int = 32,
    classes: int = 9,
) -> keras.Model:
    """Build a classifier of patches: which joint is in the centre, if any.

    Args:
        depth: number of hidden layers, at least 0; 0 is the linear classifier.
        width: units per hidden layer, at least 1.
        activation: of the hidden layers, one of the lecture's ten activations.
        normalization: before each activation: "none", "batch" (over all replicas) or "layer".
        dropout: fraction of hidden units set to 0 in training, 0 ≤ dropout < 1.
        features: x of the equation: "pixels", or "gradients" for histograms of oriented gradients
            with the mean colours, in cells of 4 × 4 pixels.
        size: height and width of patches after the resize, at least 1; for "gradients" a multiple
            of 4.
        classes: number of classes, at least 2.

    Returns:
        A compiled model, uint8 patches (batch, h, w, 3) → float32 probabilities (batch, classes).

    Raises:
        ZooError: for an option out of its range.
    """
    import keras

    from zoo.models.assemble import (
        classification,
        hidden_layers,
        image_model,
        probabilities,
        require_positive,
    )
    from zoo.nn.oriented_gradients import gradient_preprocessing
    from zoo.nn.preprocessing import image_preprocessing
    from zoo.utils.choices import require_choice

    require_positive(size=size)
    require_choice("kind of features", features, ("pixels", "gradients"))
    return image_model(
        "joint_classifier",
        gradient_preprocessing(size)
        if features == "gradients"
        else image_preprocessing(size, grayscale=False),
        [
            *hidden_layers(depth, width, activation, normalization, dropout),
            keras.layers.Dense(classes, name="logits"),
            probabilities(classes),
        ],
        recipe=BEST,
        **classification(),
    )

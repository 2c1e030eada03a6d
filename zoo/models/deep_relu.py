"""Stacked layers, "deep" networks, slide 8."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from zoo.errors import ZooError
from zoo.registry import register
from zoo.registry.recipes import Augmentation, Recipe
from zoo.registry.tasks import Classes

if TYPE_CHECKING:
    import keras

RECIPE = Recipe(
    epochs=10,
    batch_size=128,
    learning_rate=5e-4,
    optimizer="adamw",
    weight_decay=1.5,
    schedule="cosine",
    note="The strong weight decay keeps two wide layers from overfitting the training photos.",
)

BEST = Recipe(
    epochs=140,
    batch_size=256,
    learning_rate=3e-3,
    optimizer="adamw",
    weight_decay=0.1,
    schedule="cosine",
    warmup=0.05,
    label_smoothing=0.1,
    augmentation=Augmentation(
        flip=True,
        shift=3,
        zoom=0.12,
        rotation=12,
        shear=0.1,
        mixup=0.2,
        cutmix=1.0,
        unmixed=0.17,
    ),
    precision="mixed_bfloat16",
    options={
        "depth": 3,
        "width": 1024,
        "normalization": "batch",
        "dropout": 0.05,
        "patch": 10,
        "standardize_photos": True,
    },
    note="Units that see a patch need fewer examples; mixed photos reduce the overfitting.",
)

COMPACT = replace(
    BEST,
    epochs=60,
    augmentation=Augmentation(flip=True, shift=3, zoom=0.12, rotation=8, shear=0.1),
    options={**BEST.options, "width": 640},
    note="Short enough for a lesson: half of the weights, and weaker augmentation.",
)

TABLE = Recipe(
    epochs=200,
    batch_size=32,
    learning_rate=1e-3,
    optimizer="adam",
    options={"depth": 1, "width": 128},
    note="For tables of a few hundred rows, which a deeper network overfits.",
)


@register(
    "deep_relu",
    task=Classes(),
    dataset="cifar10",
    slides=(8, 18, 19),
    equation="f = softmax(W_{d+1} max(0, W_d … max(0, W₁x + b₁) … + b_d) + b_{d+1})",
    output="one probability per label, which add up to 1; the largest wins",
    recipes={"lecture": RECIPE, "best": BEST, "compact": COMPACT, "table": TABLE},
    training_options=("dropout",),
)
def deep_relu(
    depth: int = 2,
    width: int = 512,
    activation: str = "relu",
    normalization: str = "none",
    dropout: float = 0.0,
    size: int = 32,
    grayscale: bool = False,
    classes: int = 10,
    inputs: int = 0,
    standardize: bool = False,
    standardize_photos: bool = False,
    patch: int = 0,
) -> keras.Model:
    """Build a classifier with any number of hidden layers; depth 0 is the linear classifier.

    Args:
        depth: number of hidden layers, at least 0; the lecture shows 1 and 2.
        width: units per hidden layer, at least 1.
        activation: of the hidden layers, one of the lecture's ten activations.
        normalization: before each activation: "none", "batch" (over all replicas) or "layer".
        dropout: fraction of hidden units set to 0 in training, 0 ≤ dropout < 1.
        size: height and width of photos after the resize, at least 1.
        grayscale: convert photos to gray if true, else use the three colour channels.
        classes: number of classes, at least 2.
        inputs: number of inputs for rows of numbers; 0 for photos.
        standardize: scale inputs that are numbers by mean and variance, which training sets.
        standardize_photos: scale each photo by its own mean and deviation, so that the answer does
            not depend on its brightness and contrast.
        patch: height and width of the square of pixels that each unit of the first hidden layer
            sees, at a place of its own; its other weights are 0 and stay 0. 0, or the size of the
            photos or more, for the whole photo.

    Returns:
        A compiled model, uint8 photos (batch, h, w, 3), or float32 (batch, inputs), → float32
        probabilities (batch, classes).

    Raises:
        ZooError: for an option out of its range.
    """
    import keras

    from zoo.models.assemble import (
        classification,
        hidden_layers,
        numbers_or_photos,
        probabilities,
        require_positive,
    )
    from zoo.nn.preprocessing import image_preprocessing

    require_positive(size=size)
    _require_patch(patch, depth)
    first = {}
    if 0 < patch < size and not inputs:
        from zoo.nn.patches import PatchConstraint, PatchInitializer

        first = {
            "kernel_initializer": PatchInitializer(size, patch),
            "kernel_constraint": PatchConstraint(size, patch),
        }
    return numbers_or_photos(
        "deep_relu",
        inputs,
        lambda: image_preprocessing(size, grayscale, standardize=standardize_photos),
        [
            *hidden_layers(depth, width, activation, normalization, dropout, first),
            keras.layers.Dense(classes, name="logits"),
            probabilities(classes),
        ],
        standardize=standardize,
        recipe=RECIPE,
        **classification(),
    )


def _require_patch(patch: int, depth: int) -> None:
    if patch < 0:
        raise ZooError(
            f"Option 'patch' is {patch}; give 0 (the whole photo) or a number of pixels."
        )
    if patch and not depth:
        raise ZooError(
            f"Option 'patch' is {patch}, but there is no hidden layer; give depth from 1 up."
        )

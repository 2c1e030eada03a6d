"""The cat/dog classifier W x + b, slide 16."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo.registry import register
from zoo.registry.recipes import Recipe
from zoo.registry.tasks import Sign

if TYPE_CHECKING:
    import keras

RECIPE = Recipe(
    epochs=10,
    batch_size=128,
    learning_rate=1e-4,
    optimizer="adam",
    schedule="cosine",
    note="Few, small steps: the exact minimum of the squared error overfits the training photos.",
)

UNPENALISED = Recipe(
    epochs=1,
    batch_size=128,
    learning_rate=1e-4,
    solver="exact",
    penalty=0.0,
    note="The problem of slide 16, without a penalty: it overfits the training photos.",
)
BEST = Recipe(
    epochs=1,
    batch_size=128,
    learning_rate=1e-4,
    solver="exact",
    note="Ridge regression: the penalty λ ‖W‖² reduces overfitting.",
)

TABLE = Recipe(
    epochs=200,
    batch_size=200,
    learning_rate=1e-2,
    solver="exact",
    note="For rows of numbers: ridge regression with the penalty λ ‖W‖².",
)


@register(
    "linear_cat_dog",
    task=Sign(),
    dataset="cats_vs_dogs",
    slides=(14, 15, 16),
    equation="y = W x + b, min Σ ‖W xᵢ + b − yᵢ‖², W 1 × 4096, yᵢ = ±1",
    output="W x + b, trained towards −1 for {first} and +1 for {second}: below 0 {first}, "
    "from 0 up {second}",
    recipes={"lecture": RECIPE, "unpenalised": UNPENALISED, "best": BEST, "table": TABLE},
)
def linear_cat_dog(
    size: int = 64, inputs: int = 0, standardize: bool = False, standardize_photos: bool = False
) -> keras.Model:
    """Build the lecture's cat/dog classifier: photo → gray → 64 × 64 → 4096 numbers → W x + b.

    Args:
        size: height and width of the gray image, at least 1.
        inputs: number of inputs for rows of numbers; 0 for photos.
        standardize: scale inputs that are numbers by mean and variance, which training sets.
        standardize_photos: scale each photo by its own mean and deviation, so that the answer does
            not depend on its brightness and contrast.

    Returns:
        A compiled model, uint8 photos (batch, h, w, 3), or float32 (batch, inputs), → float32
        (batch, 1), trained towards −1 for a cat, the first label, and +1 for a dog, the second.
    """
    import keras

    from zoo.models.assemble import numbers_or_photos, require_positive
    from zoo.nn.losses import SignAccuracy, SquaredError
    from zoo.nn.preprocessing import image_preprocessing

    require_positive(size=size)
    return numbers_or_photos(
        "linear_cat_dog",
        inputs,
        lambda: image_preprocessing(size, grayscale=True, standardize=standardize_photos),
        [keras.layers.Dense(1, kernel_initializer="zeros", dtype="float32", name="score")],
        standardize=standardize,
        recipe=RECIPE,
        loss=SquaredError(),
        weighted_metrics=[SignAccuracy()],
    )

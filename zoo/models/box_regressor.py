"""The box around a shape, slide 20."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo.registry import register
from zoo.registry.recipes import Recipe
from zoo.registry.tasks import Values

if TYPE_CHECKING:
    import keras

RECIPE = Recipe(
    epochs=60,
    batch_size=32,
    learning_rate=2e-3,
    optimizer="adamw",
    weight_decay=0.3,
    schedule="cosine",
    note="The weight decay keeps weights small: boxes are more exact, and 8 bits are enough.",
)


@register(
    "box_regressor",
    task=Values("iou"),
    dataset="shape_boxes",
    slides=(20,),
    equation="(l, t, r, b) = W_{d+1} max(0, W_d … max(0, W₁x + b₁) … + b_d) + b_{d+1}",
    output="the box's left, upper, right and lower edge, in shares of the picture's width and "
    "height, from its left and upper edge",
    recipes={"best": RECIPE},
)
def box_regressor(
    depth: int = 2,
    width: int = 128,
    activation: str = "relu",
    size: int = 20,
    grayscale: bool = True,
    standardize_photos: bool = False,
) -> keras.Model:
    """Build a network that predicts the box around a shape, with dense layers only.

    It is the classifier of slide 8 with four values as outputs in place of class probabilities,
    and the mean absolute error as loss, which a few large errors do not dominate.

    Args:
        depth: number of hidden layers, at least 0; 0 is linear regression.
        width: units per hidden layer, at least 1.
        activation: of the hidden layers, one of the lecture's ten activations.
        size: height and width of pictures after the resize, at least 1.
        grayscale: convert pictures to gray if true, else use the three colour channels.
        standardize_photos: scale each picture by its own mean and deviation, so that the answer
            does not depend on its brightness and contrast.

    Returns:
        A compiled model, uint8 photos (batch, h, w, 3) → float32 (batch, 4): left, top, right and
        bottom.

    Raises:
        ZooError: for an option out of its range.
    """
    import keras

    from zoo.models.assemble import hidden_layers, image_model, require_positive
    from zoo.nn.picture_metrics import MeanIoU
    from zoo.nn.preprocessing import image_preprocessing

    require_positive(size=size)
    return image_model(
        "box_regressor",
        image_preprocessing(size, grayscale, standardize=standardize_photos),
        [
            *hidden_layers(depth, width, activation, "none", 0.0),
            keras.layers.Dense(4, dtype="float32", name="box"),
        ],
        recipe=RECIPE,
        loss=keras.losses.MeanAbsoluteError(),
        weighted_metrics=[MeanIoU(), keras.metrics.RootMeanSquaredError(name="rmse")],
    )

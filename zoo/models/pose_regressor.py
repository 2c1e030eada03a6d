"""The coordinates of a person's joints, slide 20."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo.registry import register
from zoo.registry.recipes import Recipe
from zoo.registry.tasks import Values

if TYPE_CHECKING:
    import keras

RECIPE = Recipe(
    epochs=30,
    batch_size=128,
    learning_rate=2e-3,
    optimizer="adamw",
    weight_decay=0.1,
    schedule="cosine",
    options={"dropout": 0.1},
    note="The dropout keeps the network from learning single pictures.",
)


@register(
    "pose_regressor",
    task=Values("pck"),
    dataset="figure_poses",
    slides=(10, 20),
    equation="(x₁, y₁, …, x₁₄, y₁₄) = W_{d+1} max(0, W_d … max(0, W₁x + b₁) … + b_d) + b_{d+1}",
    output="x and y of 14 joints of a person, in shares of the picture's width and height, from "
    "its left and upper edge",
    recipes={"best": RECIPE},
    training_options=("dropout",),
)
def pose_regressor(
    depth: int = 3,
    width: int = 192,
    activation: str = "relu",
    normalization: str = "batch",
    dropout: float = 0.0,
    features: str = "gradients",
    size: int = 48,
) -> keras.Model:
    """Build a network that predicts where the joints of a person are, with dense layers only.

    This is DeepPose's formulation (Toshev & Szegedy, 2014), a regression from the picture of one
    person to the coordinates of all joints, without its convolutions and its cascade. The loss is
    the mean absolute error, whose minimum is a median of the likely places, not their mean.

    Args:
        depth: number of hidden layers, at least 0; 0 is linear regression.
        width: units per hidden layer, at least 1.
        activation: of the hidden layers, one of the lecture's ten activations.
        normalization: before each activation: "none", "batch" (over all replicas) or "layer".
        dropout: fraction of hidden units set to 0 in training, 0 ≤ dropout < 1.
        features: x of the equation: "pixels", or "gradients" for histograms of oriented gradients
            with the mean colours, in cells of 4 × 4 pixels.
        size: height and width of pictures after the resize, at least 1; for "gradients" a multiple
            of 4.

    Returns:
        A compiled model, uint8 photos (batch, h, w, 3) → float32 (batch, 28): x and y of each
        joint, in alphabetical order of the joints' names.

    Raises:
        ZooError: for an option out of its range.
    """
    import keras

    from zoo.models.assemble import hidden_layers, image_model, require_positive
    from zoo.nn.oriented_gradients import gradient_preprocessing
    from zoo.nn.picture_metrics import CorrectJoints, MeanDistance
    from zoo.nn.preprocessing import image_preprocessing
    from zoo.registry.tasks.pictures import POSE
    from zoo.utils.choices import require_choice

    require_positive(size=size)
    require_choice("kind of features", features, ("pixels", "gradients"))
    return image_model(
        "pose_regressor",
        gradient_preprocessing(size)
        if features == "gradients"
        else image_preprocessing(size, grayscale=False),
        [
            *hidden_layers(depth, width, activation, normalization, dropout),
            keras.layers.Dense(len(POSE), dtype="float32", name="joints"),
        ],
        recipe=RECIPE,
        loss=keras.losses.MeanAbsoluteError(),
        weighted_metrics=[
            CorrectJoints(),
            MeanDistance(),
            keras.metrics.RootMeanSquaredError(name="rmse"),
        ],
    )

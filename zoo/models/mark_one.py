"""The Mark I Perceptron, slide 3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo.registry import register
from zoo.registry.recipes import Recipe
from zoo.registry.tasks import Threshold

if TYPE_CHECKING:
    import keras

RETINA = 20
RECIPE = Recipe(
    epochs=10,
    batch_size=1,
    learning_rate=1.0,
    note="Rosenblatt's rule, one example per update; with ±1 wiring all weights stay integers.",
)


@register(
    "mark_one",
    task=Threshold(0.5),
    dataset="shapes",
    slides=(2, 3),
    equation="aᵢ = σ(Σ cᵢⱼxⱼ − θ), y = σ(Σ wᵢaᵢ + b), σ the step, c fixed at random to −1, 0, +1",
    output="1 if the response unit fires, which means {second}; 0 if not, which means {first}",
    recipes={"lecture": RECIPE},
)
def mark_one(
    association_units: int = 512,
    responses: int = 1,
    excitatory: int = 3,
    inhibitory: int = 3,
    association_threshold: float = 1.0,
    wiring_seed: int = 1957,
) -> keras.Model:
    """Build the Mark I: 20×20 photocells, fixed random association units, trained responses.

    The machine had a camera of 400 photocells, 512 association units with fixed random wiring, and
    8 response units whose weights, set by motors, were trained by Rosenblatt's rule.

    The accuracy depends on how much the shapes vary. In the data set `shapes` they are large and
    move by two or three photocells only; for smaller shapes that move more, 512 random units no
    longer separate circles from squares, whatever the learning rule.

    Args:
        association_units: number of units with fixed wiring, at least 1.
        responses: number of trained units: 1 fires for the second label, more are one per label.
        excitatory: number of +1 connections from photocells to each association unit.
        inhibitory: number of −1 connections.
        association_threshold: θ, the sum from which an association unit fires.
        wiring_seed: seed of the random wiring.

    Returns:
        A compiled model, uint8 photos (batch, h, w, 3) → 0 or 1, (batch, responses).
    """
    import keras

    from zoo.models.assemble import binary_accuracy, image_model, require_positive
    from zoo.nn.activations import activation_layer
    from zoo.nn.initializers import RandomWiring
    from zoo.nn.losses import HalfSquaredError
    from zoo.nn.preprocessing import AntialiasedResize, Grayscale, Photocells

    require_positive(association_units=association_units, responses=responses)
    preprocessing = keras.Sequential(
        [
            Grayscale(),
            AntialiasedResize(RETINA, RETINA),
            Photocells(),
            keras.layers.Flatten(dtype="float32"),
        ],
        name="preprocessing",
    )
    head = [
        keras.layers.Dense(
            association_units,
            kernel_initializer=RandomWiring(excitatory, inhibitory, wiring_seed),
            bias_initializer=keras.initializers.Constant(-association_threshold),
            trainable=False,
            name="association",
        ),
        activation_layer("step"),
        keras.layers.Dense(responses, kernel_initializer="zeros", name="response"),
        activation_layer("step"),
    ]
    accuracy = (
        binary_accuracy()
        if responses == 1
        else keras.metrics.SparseCategoricalAccuracy(name="accuracy")
    )
    return image_model(
        "mark_one",
        preprocessing,
        head,
        recipe=RECIPE,
        loss=HalfSquaredError(),
        weighted_metrics=[accuracy],
        jit_compile=False,
    )

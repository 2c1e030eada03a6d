"""A curve and a model that learns it; importing this registers both, without Keras."""

import numpy as np

from zoo.data import Dataset, Split, computed_dataset, register_dataset
from zoo.registry import Recipe, Value, Values, register, register_custom_objects

# The plugin's layer, loss and metric are imported as soon as Keras is, and not before.
register_custom_objects("curve_models.parts")

HEIGHT = Value("height", "cm")
RECIPE = Recipe(epochs=30, batch_size=32, learning_rate=0.3, optimizer="adam")


@register_dataset(
    "wave", kind="vector", values=[HEIGHT], summary="The height of a wave over half a minute."
)
def wave() -> Dataset:
    """Return points of a sine with a little noise, drawn by a seed."""
    random = np.random.default_rng(7)
    splits = {}
    for name, count in {"train": 512, "validation": 64, "test": 128}.items():
        seconds = random.uniform(0, 30, (count, 1))
        height = 20 * np.sin(seconds / 5) + random.normal(0, 0.2, (count, 1))
        splits[name] = Split(seconds.astype(np.float32), height.astype(np.float32))
    return computed_dataset("wave", "vector", splits, values=[HEIGHT])


@register(
    "hat_regression",
    task=Values(),
    dataset="wave",
    equation="y = Σⱼ wⱼ max(0, 1 − |x − cⱼ| / h) + b",
    output="the height of the wave, in cm",
    recipes={"standard": RECIPE},
)
def hat_regression(hats: int = 16, low: float = 0.0, high: float = 30.0):
    """Build a curve of straight pieces: a weighted sum of hat functions.

    Args:
        hats: how many, at least 2.
        low: centre of the first.
        high: centre of the last.

    Returns:
        A compiled model, float32 (batch, 1) → float32 (batch, 1).
    """
    import keras

    from curve_models.parts import HatFunctions, SmoothedAbsoluteError, WithinOne

    x = keras.Input((1,), name="x")
    layers = [HatFunctions(hats, low, high, name="hats"), keras.layers.Dense(1, name="sum")]
    model = keras.Model(x, keras.Sequential(layers, name="head")(x), name="hat_regression")
    model.compile(
        optimizer=RECIPE.build_optimizer(),
        loss=SmoothedAbsoluteError(),
        weighted_metrics=[keras.metrics.RootMeanSquaredError(name="rmse"), WithinOne()],
    )
    return model

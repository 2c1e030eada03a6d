"""A curve, and a model that learns it; importing this registers both, without Keras."""

import numpy as np

from zoo.data import Dataset, Split, computed_dataset, register_dataset
from zoo.registry import Recipe, register, register_custom_objects

register_custom_objects("curve_models.parts")

RECIPE = Recipe(epochs=20, batch_size=32, learning_rate=0.02, optimizer="adam")


@register_dataset(
    "sine_side", kind="vector", labels=("below", "above"), summary="Points on a sine."
)
def sine_side() -> Dataset:
    random = np.random.default_rng(7)
    splits = {}
    for name, count in {"train": 256, "validation": 64, "test": 128}.items():
        x = random.uniform(0, 6, (count, 1)).astype(np.float32)
        splits[name] = Split(x, (np.sin(x[:, 0]) > 0).astype(np.int64))
    return computed_dataset("sine_side", "vector", splits, ("below", "above"))


@register(
    "hat_regression",
    task="binary",
    dataset="sine_side",
    lecture=(),
    equation="y = Σⱼ wⱼ max(0, 1 − |x − cⱼ| / h)",
    output="a number: from 0.5 up {second}, below it {first}",
    threshold=0.5,
    recipes={"standard": RECIPE},
)
def hat_regression(hats: int = 12):
    """Build a weighted sum of hat functions.

    Args:
        hats: how many, at least 2.
    """
    import keras

    from curve_models.parts import HatFunctions, SmoothedAbsoluteError, WithinTenth
    from zoo.models.assemble import vector_model

    return vector_model(
        "hat_regression",
        1,
        [HatFunctions(hats, 0.0, 6.0), keras.layers.Dense(1, name="sum")],
        recipe=RECIPE,
        loss=SmoothedAbsoluteError(),
        weighted_metrics=[
            WithinTenth(name="within"),
            keras.metrics.BinaryAccuracy(name="accuracy", threshold=0.5),
        ],
    )

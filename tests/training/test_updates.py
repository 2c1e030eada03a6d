"""The compiled update of the weights, compared with Keras's own."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from zoo.registry.recipes import Recipe
from zoo.training.updates import update_of

STEPS = 10
RECIPES = {
    "sgd": Recipe(1, 1, 0.1),
    "momentum": Recipe(1, 1, 0.1, momentum=0.9),
    "adam": Recipe(1, 1, 1e-2, optimizer="adam", schedule="cosine"),
    "adamw": Recipe(1, 1, 1e-2, optimizer="adamw", weight_decay=0.1, warmup=0.1, schedule="cosine"),
    "rmsprop": Recipe(1, 1, 1e-2, optimizer="rmsprop", momentum=0.9),
    "lion": Recipe(1, 1, 1e-2, optimizer="lion", weight_decay=0.1),
    "averaged": Recipe(1, 1, 1e-2, optimizer="adamw", weight_decay=0.1, averaging=0.9),
}


def after_updates(recipe):
    """Return the variables after updates by `update_of`, and by Keras, of 512 × 512 weights."""
    found = []
    for ours in (True, False):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((512,)), keras.layers.Dense(512)])
        model.compile(optimizer=recipe.build_optimizer(STEPS), loss="mse")
        model.optimizer.build(model.trainable_variables)
        apply = update_of(model, tf.distribute.get_strategy())

        @tf.function
        def updates(gradients, ours=ours, model=model, apply=apply):
            for index in tf.range(STEPS):
                gradient = [part[index] for part in gradients]
                if ours:
                    apply(gradient)
                else:
                    model.optimizer.apply(gradient, model.trainable_variables)

        random = np.random.default_rng(0)
        shapes = [(STEPS, *weight.shape) for weight in model.trainable_variables]
        updates([tf.constant(random.standard_normal(shape, np.float32)) for shape in shapes])
        found.append([np.array(one) for one in [*model.variables, *model.optimizer.variables]])
    return found


@pytest.mark.parametrize("name", RECIPES)
def test_updates_are_those_of_keras(name):
    ours, expected = after_updates(RECIPES[name])
    for one, other in zip(ours, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_clipped_gradients_are_left_to_keras():
    model = keras.Sequential([keras.Input((512,)), keras.layers.Dense(512, use_bias=False)])
    model.compile(optimizer=keras.optimizers.SGD(1.0, clipnorm=1.0), loss="mse")
    model.optimizer.build(model.trainable_variables)
    before = model.get_weights()[0]
    apply = update_of(model, tf.distribute.get_strategy())
    tf.function(apply)([tf.ones((512, 512))])
    assert np.linalg.norm(before - model.get_weights()[0]) == pytest.approx(1, rel=1e-4)

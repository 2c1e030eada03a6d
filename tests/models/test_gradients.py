"""Lecture row 7 to ten digits: backpropagation in float64 against finite differences."""

import keras
import numpy as np
import pytest

import zoo
from zoo import data
from zoo.training.solvers.flat_objective import FlatObjective

# Of numbers, with a squared error or an equation's residual as their loss.
RECIPES = [
    (name, recipe)
    for name in zoo.list_models(task="values")
    for recipe in zoo.describe(name).recipes
    if data.describe(zoo.describe(name).dataset).kind == "vector"
]
# Their slopes jump at 0, which a finite difference may straddle.
KINKED = ("step", "leaky_relu", "prelu", "relu", "elu")


@pytest.mark.parametrize(("name", "recipe"), RECIPES)
def test_backpropagation_agrees_with_finite_differences(name, recipe):
    spec = zoo.describe(name)
    options = dict(spec.recipes[recipe].options)
    if spec.options.get("activation") in KINKED or options.get("activation") in KINKED:
        options["activation"] = "tanh"
    keras.utils.set_random_seed(5)
    model = zoo.build(name, **options)
    random = np.random.default_rng(3)
    x = random.uniform(0, 1, (7, model.input_shape[1]))
    objective = FlatObjective(model, jit=False)
    objective.use(x, random.normal(size=(7, model.output_shape[1])))
    start = objective.start + 0.1 * random.normal(size=len(objective.start))
    value, gradient = objective(start)
    assert np.abs(gradient).max() > 1e-2
    chosen = random.choice(len(start), min(30, len(start)), replace=False)
    # The coefficients of an equation, if they are estimated, are the last weights.
    for index in {*chosen.tolist(), len(start) - 1, len(start) - 2}:
        h = 1e-4 * max(1, abs(start[index]))
        values = []
        for shift in (-2 * h, -h, h, 2 * h):
            moved = start.copy()
            moved[index] += shift
            values.append(objective(moved)[0])
        slope = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * h)
        assert gradient[index] == pytest.approx(slope, rel=1e-6, abs=1e-8 * max(1, value))

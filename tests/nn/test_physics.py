"""Derivatives of networks, and the loss that is made of them."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

import zoo
from zoo.nn.burgers import Burgers, BurgersBuiltIn, BurgersPenalised, PeriodicFeatures
from zoo.nn.physics import MinMaxScaling, derivatives
from zoo.training.solvers.flat_objective import in_float64


def points(count=64, seed=0):
    return np.random.default_rng(seed).uniform((-1, 0), (1, 1), (count, 2)).astype("float32")


def mean_square(numbers):
    return float(np.mean(np.square(numbers)))


@pytest.fixture
def model():
    keras.utils.set_random_seed(1)
    return zoo.build("pinn_burgers", depth=2, width=8)


def test_derivatives_of_a_network_are_its_slopes_and_curvatures(model):
    wide = in_float64(model)
    for own, given in zip(wide.variables, model.variables, strict=True):
        own.assign(given)
    head = wide.get_layer("head")
    x, step = tf.constant(points(), tf.float64), 1e-4
    found = [ops.convert_to_numpy(part) for part in derivatives(head, x)]
    np.testing.assert_array_equal(found[0], head(x))
    for axis in (0, 1):
        shift = step * np.eye(2)[axis]
        above, below = head(x + shift).numpy(), head(x - shift).numpy()
        slope, curvature = (above - below) / (2 * step), (above - 2 * found[0] + below) / step**2
        np.testing.assert_allclose(found[1][:, axis], slope[:, 0], atol=1e-5)
        np.testing.assert_allclose(found[2][:, axis], curvature[:, 0], atol=1e-5)


def test_derivatives_along_an_input_that_does_not_count_are_0():
    found = derivatives(lambda x: x[:, :1] ** 2, tf.constant(points()))
    np.testing.assert_array_equal(found.first[:, 1], 0)
    np.testing.assert_array_equal(found.second, np.tile([2.0, 0.0], (64, 1)))


def test_the_residual_is_that_of_the_equation():
    equation = Burgers(0.25)
    x = tf.constant(points())
    equation.build([x.shape, (None, 1)])
    found = equation.residual(x, derivatives(lambda x: x[:, :1] ** 2 * x[:, 1:], x))
    place, time = points().T
    expected = place**2 + place**2 * time * 2 * place * time - 0.25 * 2 * time
    np.testing.assert_allclose(found[:, 0], expected, atol=1e-6)


def test_conditions_that_are_built_in_hold_for_all_weights(model):
    places, times = points().T
    start = np.stack([places, 0 * places], axis=1)
    np.testing.assert_allclose(model(start)[:, 0], -np.sin(np.pi * places), atol=1e-6)
    left, right = (model(np.stack([side + 0 * times, times], axis=1)) for side in (-1, 1))
    np.testing.assert_allclose(left, right, atol=1e-6)


def test_penalised_conditions_are_0_for_a_function_that_satisfies_them_and_only_for_it():
    equation, x = BurgersPenalised(0.01), tf.constant(points())
    right = equation.condition_errors(lambda x: -ops.sin(np.pi * x[:, :1]), x)
    for errors in right:
        np.testing.assert_allclose(errors, 0, atol=1e-6)
    for errors in equation.condition_errors(lambda x: x[:, :1] + 2, x):
        assert mean_square(errors) > 0.1


def test_the_loss_of_a_forward_problem_is_the_mean_squared_residual(model):
    x = points()
    loss = model.compute_loss(x, np.ones((64, 1)), model(x))
    assert float(loss) == pytest.approx(mean_square(model.residuals(tf.constant(x))), rel=1e-5)
    assert float(loss) == model.evaluate(x, np.zeros((64, 1)), batch_size=64, verbose=0)[0]


@pytest.mark.parametrize("conditions", ["penalised", "none"])
def test_the_loss_is_the_weighted_sum_of_its_parts(conditions):
    weights = {"residual_weight": 0.5, "condition_weight": 3.0}
    model = zoo.build("pinn_burgers", conditions=conditions, estimate=True, **weights)
    x, y = points(), np.ones((64, 1), "float32")
    head, equation = model.get_layer("head"), model.equation
    errors = equation.condition_errors(head, tf.constant(x))
    assert len(errors) == {"penalised": 3, "none": 0}[conditions]
    expected = 0.5 * mean_square(model.residuals(tf.constant(x)))
    expected += 3 * sum(mean_square(error) for error in errors) + mean_square(head(x) - y)
    assert float(model.compute_loss(x, y, model(x))) == pytest.approx(expected, rel=1e-5)


def test_an_example_of_weight_0_does_not_count(model):
    x, y = points(), np.zeros((64, 1), "float32")
    weights = np.repeat([1.0, 0.0], 32).astype("float32")
    half = model.compute_loss(x[:32], y[:32], model(x[:32]))
    whole = model.compute_loss(x, y, model(x), weights)
    assert 2 * float(whole) == pytest.approx(float(half), rel=1e-5)


def test_an_estimated_coefficient_is_trained_and_is_a_metric():
    model = zoo.build("pinn_burgers", conditions="none", estimate=True, viscosity=0.5)
    x, y = points(), points()[:, :1]
    before = model.evaluate(x, y, return_dict=True, verbose=0)
    history = model.fit(x, y, epochs=2, verbose=0).history
    assert before["viscosity"] == pytest.approx(0.5)
    assert history["viscosity"][-1] != before["viscosity"]
    assert "viscosity" not in zoo.build("pinn_burgers").evaluate(x, y, return_dict=True, verbose=0)


def test_a_saved_estimate_comes_back(tmp_path):
    model = zoo.build("pinn_burgers", conditions="penalised", estimate=True, viscosity=0.5)
    model.equation._viscosity.assign([0.125])
    model.save(tmp_path / "model.keras")
    again = zoo.load_model(tmp_path / "model.keras")
    assert again.evaluate(points(), points()[:, :1], return_dict=True, verbose=0)[
        "viscosity"
    ] == pytest.approx(0.125)


def test_a_copy_in_float64_has_the_same_outputs_and_loss(model):
    wide = in_float64(model)
    for own, given in zip(wide.variables, model.variables, strict=True):
        own.assign(given)
    x, y = points(), np.zeros((64, 1))
    outputs = wide(x.astype(np.float64))
    assert outputs.dtype == tf.float64
    np.testing.assert_allclose(outputs, model(x), atol=1e-5)
    loss = wide.compute_loss(x.astype(np.float64), y, outputs)
    assert loss.dtype == tf.float64
    assert float(loss) == pytest.approx(float(model.compute_loss(x, y, model(x))), rel=1e-4)


def test_layers_come_back_from_their_configuration():
    for layer in (
        MinMaxScaling([0.0, -1.0], [2.0, 1.0]),
        BurgersBuiltIn(0.5, True, residual_weight=2.0, condition_weight=3.0, data_weight=4.0),
        PeriodicFeatures(),
    ):
        again = type(layer).from_config(layer.get_config())
        assert again.get_config() == layer.get_config()

import numpy as np
import pytest
import tensorflow as tf

import zoo
from zoo import data
from zoo.nn.physics import derivatives
from zoo.nn.poisson import PoissonEquation

SOLUTIONS = {
    "poisson": lambda x: tf.sin(np.pi * x) + tf.sin(3 * np.pi * x) / 2,
    "poisson_square": lambda x: tf.reduce_prod(tf.sin(np.pi * x), axis=1, keepdims=True),
}


@pytest.mark.parametrize("name", SOLUTIONS)
def test_the_data_set_s_closed_form_solves_it(name):
    test = data.load(name).test
    x = tf.constant(test.x, tf.float64)
    solution = SOLUTIONS[name]
    np.testing.assert_allclose(solution(x)[:, 0], test.y, atol=1e-7)
    equation = PoissonEquation(built_in=False)
    residual = equation.residual(x, derivatives(solution, x))
    assert residual.shape == (len(x), 1)
    np.testing.assert_allclose(residual, 0, atol=1e-10)
    for errors in equation.condition_errors(solution, x):
        np.testing.assert_allclose(errors, 0, atol=1e-12)


@pytest.mark.parametrize("axes", [1, 2])
def test_a_network_is_0_on_the_boundary_if_that_is_built_in(axes):
    x = np.random.default_rng(0).random((8, axes))
    raw = tf.ones((8, 1), tf.float64)
    inside = PoissonEquation(dtype="float64")([tf.constant(x), raw])
    np.testing.assert_allclose(inside[:, 0], np.prod(4 * x * (1 - x), axis=1), rtol=1e-12)
    for axis in range(axes):
        for end in (0.0, 1.0):
            side = x.copy()
            side[:, axis] = end
            np.testing.assert_array_equal(
                PoissonEquation(dtype="float64")([tf.constant(side), raw]), 0
            )
    assert PoissonEquation().condition_errors(tf.identity, tf.constant(x)) == []


@pytest.mark.parametrize("axes", [1, 2])
def test_penalised_conditions_are_the_values_on_every_side(axes):
    x = tf.constant(np.random.default_rng(0).random((8, axes)))
    # A function that is another number on each side.
    sides = PoissonEquation(built_in=False).condition_errors(
        lambda p: tf.reduce_sum(p * [[1.0, 10.0][:axes]], axis=1, keepdims=True), x
    )
    assert len(sides) == 2 * axes
    expected = [0 * x[:, 0], 0 * x[:, 0] + 1]
    if axes == 2:
        expected = [10 * x[:, 1], 1 + 10 * x[:, 1], x[:, 0], x[:, 0] + 10]
    for found, right in zip(sides, expected, strict=True):
        np.testing.assert_allclose(found[:, 0], right, rtol=1e-12)


def test_it_comes_back_from_its_config():
    equation = PoissonEquation(False, condition_weight=3.0, name="equation")
    again = PoissonEquation.from_config(equation.get_config())
    assert again.get_config() == equation.get_config()


@pytest.mark.parametrize(
    ("options", "message"),
    [({"inputs": 3}, "'inputs' is 3; give 1"), ({"condition_weight": -1.0}, "from 0 up")],
)
def test_options_out_of_their_range_are_refused(options, message):
    with pytest.raises(zoo.ZooError, match=message):
        zoo.build("pinn_poisson", **options)

"""The updates of the inverse Hessian, and the minimisation with them."""

import numpy as np
import pytest

from zoo.registry.recipes import UPDATES
from zoo.training.solvers.self_scaled import _FACTORS, Minimiser, State


def rosenbrock(x):
    a, b = x[:-1], x[1:]
    gradient = np.zeros_like(x)
    gradient[:-1] += -400 * a * (b - a**2) - 2 * (1 - a)
    gradient[1:] += 200 * (b - a**2)
    return float((100 * (b - a**2) ** 2 + (1 - a) ** 2).sum()), gradient


def full(state):
    lower = np.tril(state.inverse)
    return lower + np.tril(lower, -1).T


def test_every_update_of_a_recipe_is_one_of_the_solver():
    assert set(UPDATES) == set(_FACTORS)


@pytest.mark.parametrize("update", UPDATES)
def test_rosenbrocks_valley_is_followed_to_its_minimum(update):
    state = State.at(np.linspace(-1.5, 1.5, 10))
    minimiser = Minimiser(rosenbrock, state, update)
    values = [minimiser.value]
    while len(values) < 500 and minimiser.value > 1e-20 and minimiser.step():
        values.append(minimiser.value)
    assert np.all(np.diff(values) < 0)
    np.testing.assert_allclose(state.x, 1, atol=1e-8)


@pytest.mark.parametrize("update", UPDATES)
def test_a_corrected_inverse_maps_the_last_change_of_the_gradient_to_the_last_step(update):
    state = State.at(np.linspace(-1.5, 1.5, 6))
    minimiser = Minimiser(rosenbrock, state, update)
    for _ in range(20):
        before, (_, gradient) = state.x.copy(), rosenbrock(state.x)
        assert minimiser.step()
        change = rosenbrock(state.x)[1] - gradient
        np.testing.assert_allclose(full(state) @ change, state.x - before, rtol=1e-6, atol=1e-12)
        assert np.linalg.eigvalsh(full(state)).min() > 0


@pytest.mark.parametrize("update", UPDATES)
def test_an_update_is_that_of_broydens_family_with_its_factors(update):
    state = State.at(np.linspace(-1.5, 1.5, 6))
    minimiser = Minimiser(rosenbrock, state, update)
    for _ in range(4):
        minimiser.step()
    old, before, (_, gradient) = full(state), state.x.copy(), rosenbrock(state.x)
    minimiser.step()
    s, y = state.x - before, rosenbrock(state.x)[1] - gradient
    product = old @ y
    h, b = y @ product / (y @ s), s @ np.linalg.solve(old, s) / (y @ s)
    phi, tau = _FACTORS[update](h, b, len(s))
    v = s / (y @ s) - product / (y @ product)
    outer = np.outer(product, product) / (y @ product)
    expected = (old - outer + phi * (y @ product) * np.outer(v, v)) / tau + np.outer(s, s) / (y @ s)
    np.testing.assert_allclose(full(state), expected, rtol=1e-6, atol=1e-10)


def test_the_first_correction_begins_with_the_curvature_along_the_first_step():
    state = State.at(np.array([1.0, 1.0]))
    minimiser = Minimiser(lambda x: (50 * float(x @ x), 100 * x), state, "bfgs")
    minimiser.step()
    minimiser.step()
    np.testing.assert_allclose(full(state), np.eye(2) / 100, rtol=1e-9, atol=1e-15)


def test_there_is_no_step_from_a_minimum():
    assert not Minimiser(lambda x: (float(x @ x), 2 * x), State.at(np.zeros(3))).step()


def test_self_scaling_needs_fewer_steps_where_the_curvature_differs_much():
    scales = 10.0 ** np.linspace(-3, 3, 40)

    def steps(update):
        minimiser = Minimiser(
            lambda x: (float((scales * x**4).sum()), 4 * scales * x**3),
            State.at(np.ones(40)),
            update,
        )
        count = 0
        while minimiser.value > 1e-6 and count < 2000 and minimiser.step():
            count += 1
        return count

    assert steps("ssbroyden") < steps("bfgs")

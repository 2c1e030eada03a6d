"""The exact solution of the Burgers equation, and the data sets made of it."""

import numpy as np
import pytest

from zoo import data
from zoo.data.burgers import NOISE, VISCOSITY, solution


def points(count=400, seed=0):
    generator = np.random.default_rng(seed)
    return generator.uniform(-1, 1, count), generator.uniform(0, 1, count)


def test_the_quadrature_agrees_with_another_one():
    x, t = points()
    x[:4], t[:50] = (0.0, 1.0, -1.0, 1e-3), np.linspace(0, 0.02, 50)
    nodes = np.linspace(-14, 14, 20001)
    places = x[:, None] - np.sqrt(4 * VISCOSITY * t)[:, None] * nodes
    exponents = -(nodes**2) - np.cos(np.pi * places) / (2 * np.pi * VISCOSITY)
    density = np.exp(exponents - exponents.max(axis=1, keepdims=True))
    expected = -(density * np.sin(np.pi * places)).sum(axis=1) / density.sum(axis=1)
    np.testing.assert_allclose(solution(x, t), expected, atol=1e-13)


def test_the_equation_holds():
    x, t = points()
    t = 0.1 + 0.8 * t
    step = 1e-4
    u = solution(x, t)
    right, left = solution(x + step, t), solution(x - step, t)
    rate = (solution(x, t + step) - solution(x, t - step)) / (2 * step)
    residual = rate + u * (right - left) / (2 * step) - VISCOSITY * (right - 2 * u + left) / step**2
    # Differences of the steep front, where the terms are of the size 100, are less exact.
    assert np.median(np.abs(residual)) < 1e-5
    assert np.abs(residual).max() < 0.05


def test_the_conditions_hold():
    x, t = points()
    np.testing.assert_allclose(solution(x, 0 * t), -np.sin(np.pi * x), atol=1e-14)
    for wall in (-1.0, 1.0):
        np.testing.assert_allclose(solution(wall + 0 * t, t), 0, atol=1e-13)


def test_another_viscosity_spreads_the_front():
    x, t = np.array([0.05]), np.array([1.0])
    assert abs(solution(x, t, 0.1)[0]) < abs(solution(x, t)[0]) / 2


@pytest.mark.parametrize(("name", "count"), [("burgers", 20_000), ("burgers_noisy", 2_000)])
def test_the_points_lie_in_the_domain_and_the_test_points_are_a_grid(name, count):
    found = data.load(name)
    assert (found.inputs, found.target_names) == (("x", "t"), ("u",))
    assert [len(split) for split in (found.train, found.validation, found.test)] == [
        *(count, 2_000, 257 * 101)
    ]
    for split in (found.train, found.validation, found.test):
        assert (split.x.dtype, split.y.dtype) == (np.float32, np.float32)
        assert np.all((split.x >= (-1, 0)) & (split.x <= (1, 1)))
        assert len(np.unique(split.x, axis=0)) == len(split)
    assert found.fingerprint == data.load(name).fingerprint


def test_only_observations_for_training_have_noise():
    found = data.load("burgers_noisy")
    errors = {
        name: split.y - solution(*split.x.T.astype(np.float64))
        for name, split in (("train", found.train), ("test", found.test))
    }
    assert errors["train"].std() == pytest.approx(NOISE * found.test.y.std(), rel=0.1)
    assert abs(errors["train"].mean()) < 1e-3
    assert np.abs(errors["test"]).max() < 1e-6

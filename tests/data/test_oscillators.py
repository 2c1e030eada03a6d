import numpy as np
import pytest

from zoo import data
from zoo.data.oscillators import (
    DAMPING,
    MASS,
    NOISE,
    STIFFNESS,
    displacement,
    oscillator_noisy,
)
from zoo.errors import ZooError

SPLITS = ("train", "validation", "test")


@pytest.mark.parametrize("coefficients", [(MASS, DAMPING, STIFFNESS), (2.0, 1.0, 50.0), (1, 0, 9)])
def test_the_closed_form_solves_the_equation_and_its_initial_conditions(coefficients):
    mass, damping, stiffness = coefficients
    h, t = 1e-4, np.linspace(0, 1, 41)
    before, here, after = (displacement(t + step, *coefficients) for step in (-h, 0, h))
    first, second = (after - before) / (2 * h), (after - 2 * here + before) / h**2
    residual = mass * second + damping * first + stiffness * here
    np.testing.assert_allclose(residual / stiffness, 0, atol=2e-6)
    assert here[0] == 1
    assert first[0] == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("coefficients", [(0, 1, 1), (1, -1, 1), (1, 4, 4), (1, 1, -1)])
def test_coefficients_without_an_oscillation_are_refused(coefficients):
    with pytest.raises(ZooError, match="does not oscillate; give"):
        displacement(np.zeros(1), *coefficients)


@pytest.mark.parametrize(("name", "training"), [("oscillator", 60), ("oscillator_noisy", 2000)])
def test_times_cover_the_interval_and_no_split_has_another_s(name, training):
    dataset = data.load(name)
    assert dataset.inputs == ("t",)
    assert [len(getattr(dataset, split)) for split in SPLITS] == [training, 60, 501]
    times = [getattr(dataset, split).x for split in SPLITS]
    for t in times:
        assert t.dtype == np.float32
        assert t.shape[1:] == (1,)
        assert 0 <= t.min() <= t.max() <= 1
        assert np.diff(t[:, 0]).max() < 2.1 / len(t)
    assert not set(times[0].ravel()) & set(times[1].ravel())
    assert not set(times[0].ravel()) & set(times[2].ravel())


def test_only_training_values_have_noise():
    dataset = data.load("oscillator_noisy")
    errors = {}
    for split in SPLITS:
        part = getattr(dataset, split)
        errors[split] = part.y - displacement(part.x[:, 0].astype(np.float64))
    np.testing.assert_allclose(errors["validation"], 0, atol=1e-6)
    np.testing.assert_allclose(errors["test"], 0, atol=1e-6)
    deviation = np.std(dataset.test.y)
    assert np.std(errors["train"]) == pytest.approx(NOISE * deviation, rel=0.08)
    assert abs(np.mean(errors["train"])) < 4 * NOISE * deviation / np.sqrt(2000)


def test_the_noise_is_a_function_of_the_seed():
    one, again, other = (oscillator_noisy(seed).train for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.y, again.y)
    assert (one.y != other.y).all()

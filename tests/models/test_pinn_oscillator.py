import numpy as np
import pytest

import zoo
from zoo import data
from zoo.data.oscillators import DAMPING, STIFFNESS, oscillator_noisy

pytestmark = pytest.mark.slow


def test_the_equation_determines_what_the_values_do_not(tmp_path):
    test = data.load("oscillator").test
    late = test.x[:, 0] > 0.4
    errors = {}
    for recipe in ("best", "plain"):
        folder = tmp_path / recipe
        found = zoo.train("pinn_oscillator", recipe=recipe, run_dir=folder, strategy="cpu")
        error = np.abs(zoo.load_model(folder).predict(test.x, verbose=0)[:, 0] - test.y)
        errors[recipe] = found["test"]["relative_l2"], error[late].max()
        # Both fit the values that are given.
        assert error[test.x[:, 0] < 0.3].max() < 1e-2
    assert errors["best"][0] < 1e-4
    assert errors["best"][1] < 1e-4
    assert errors["plain"][0] > 0.5
    assert errors["plain"][1] > 0.2


@pytest.mark.parametrize("noise", [1, 2, 3])
def test_damping_and_stiffness_are_found_from_noisy_values(noise, tmp_path):
    found = zoo.train(
        "pinn_oscillator",
        recipe="inverse",
        dataset=oscillator_noisy(noise),
        run_dir=tmp_path / "run",
        strategy="cpu",
    )
    assert found["test"]["damping"] == pytest.approx(DAMPING, rel=0.01)
    assert found["test"]["stiffness"] == pytest.approx(STIFFNESS, rel=0.01)
    assert found["test"]["relative_l2"] < 0.01
    again = zoo.evaluate(tmp_path / "run", dataset=oscillator_noisy(noise))
    assert again["test"]["damping"] == pytest.approx(found["test"]["damping"])

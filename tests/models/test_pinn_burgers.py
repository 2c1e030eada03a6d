"""Solving the Burgers equation, and finding its viscosity."""

import pytest

import zoo
from zoo import ZooError
from zoo.data.burgers import VISCOSITY
from zoo.models import pinn_burgers


def test_the_viscosity_is_that_of_the_data():
    assert pytest.approx(VISCOSITY, rel=1e-15) == pinn_burgers.VISCOSITY


def test_an_unknown_kind_of_conditions_is_refused():
    with pytest.raises(ZooError, match="conditions"):
        zoo.build("pinn_burgers", conditions="bulit_in")


@pytest.mark.slow
@pytest.mark.parametrize(("recipe", "error"), [("best", 2e-3), ("penalised", 5e-2)])
def test_the_equation_is_solved_from_its_residual_alone(recipe, error, tmp_path):
    results = zoo.train("pinn_burgers", recipe=recipe, iterations=500, run_dir=tmp_path)
    assert results["test"]["relative_l2"] < error


@pytest.mark.slow
@pytest.mark.parametrize("start", [0.001, 0.01, 0.05])
def test_the_viscosity_is_found_from_noisy_observations(start, tmp_path):
    results = zoo.train(
        "pinn_burgers",
        recipe="inverse",
        dataset="burgers_noisy",
        options={"viscosity": start},
        run_dir=tmp_path,
    )
    assert results["test"]["viscosity"] == pytest.approx(VISCOSITY, rel=0.01)
    assert results["test"]["relative_l2"] < 0.01

import numpy as np
import pytest

import zoo
from zoo import data


def test_the_interval_is_solved_to_float32_s_digits(tmp_path):
    found = zoo.train("pinn_poisson", dataset="poisson", run_dir=tmp_path / "run")
    assert found["test"]["relative_l2"] < 1e-6


def test_a_data_set_of_one_input_needs_no_option(tmp_path):
    short = {"solver": "gradient", "epochs": 1, "batch_size": 10}
    zoo.train("pinn_poisson", dataset="poisson", run_dir=tmp_path / "run", **short)
    assert zoo.load_model(tmp_path / "run").input_shape == (None, 1)


@pytest.mark.slow
@pytest.mark.parametrize(("recipe", "error"), [("best", 1e-5), ("penalised", 1e-4)])
def test_the_square_is_solved_both_ways(recipe, error, tmp_path):
    found = zoo.train("pinn_poisson", recipe=recipe, run_dir=tmp_path / "run", strategy="cpu")
    assert found["test"]["relative_l2"] < error
    test = data.load("poisson_square").test
    u = zoo.load_model(tmp_path / "run").predict(test.x, verbose=0)[:, 0]
    boundary = ((test.x == 0) | (test.x == 1)).any(axis=1)
    largest = np.abs(u[boundary]).max()
    assert (largest == 0) == (recipe == "best")
    assert largest < 1e-3

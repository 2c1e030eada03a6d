"""What the theorem says of one hidden layer, and what it does not say."""

import keras
import numpy as np
import pytest
from scipy.optimize import linprog

import zoo
from zoo import data


def best_line(x, y):
    """Return the smallest largest error of any straight line, by linear programming."""
    columns = np.stack([x, np.ones_like(x)], axis=1)
    limit = -np.ones((len(x), 1))
    found = linprog(
        [0, 0, 1],
        A_ub=np.block([[columns, limit], [-columns, limit]]),
        b_ub=np.concatenate([y, -y]),
        bounds=[(None, None)] * 3,
    )
    return found.fun


def test_with_a_linear_activation_no_width_helps(tmp_path):
    """Leshno et al. (1993): a polynomial activation approximates only polynomials, here lines."""
    test = data.load("curve:nielsen").test
    x, y = test.x[::16, 0].astype(np.float64), test.y[::16].astype(np.float64)
    least = best_line(x, y)
    assert least > 0.2
    found = zoo.train(
        "universal_approximator",
        recipe="trained",
        options={"activation": "linear"},
        epochs=20,
        run_dir=tmp_path / "run",
    )
    assert found["test"]["largest_error"] >= least
    keras.utils.set_random_seed(1)
    for width in (1, 16, 1024):
        model = zoo.build("universal_approximator", activation="linear", width=width)
        outputs = model.predict(test.x[::16], verbose=0)[:, 0].astype(np.float64)
        np.testing.assert_allclose(np.diff(outputs, 2), 0, atol=1e-5)


def test_the_recipes_are_three_ways_to_the_same_network():
    spec = zoo.describe("universal_approximator")
    assert list(spec.recipes) == ["interpolant", "bumps", "trained"]
    assert [recipe.solver for recipe in spec.recipes.values()] == [
        "construction",
        "construction",
        "gradient",
    ]
    shapes = []
    for recipe in spec.recipes.values():
        model = zoo.build("universal_approximator", **recipe.options)
        shapes.append([weight.shape for weight in model.weights])
    assert shapes == [[(1, 256), (256,), (256, 1), (1,)]] * 3
    assert spec.task.primary.name == "largest_error"


@pytest.mark.slow
def test_training_stays_behind_the_network_that_exists(tmp_path):
    """The same network: what training finds is not the best that there is."""
    errors = {
        recipe: zoo.train("universal_approximator", recipe=recipe, run_dir=tmp_path / recipe)[
            "test"
        ]["largest_error"]
        for recipe in ("interpolant", "bumps", "trained")
    }
    assert errors["trained"] > 5 * errors["interpolant"]
    assert errors["trained"] < 0.2
    assert errors["bumps"] > errors["interpolant"]


def test_two_inputs_are_trained(tmp_path):
    found = zoo.train(
        "universal_approximator",
        recipe="trained",
        dataset="curve:franke",
        epochs=5,
        batch_size=128,
        run_dir=tmp_path / "run",
    )
    # Franke's function is from −0.03 to 1.22.
    assert found["test"]["rmse"] < 0.1
    assert zoo.load_model(tmp_path / "run").input_shape == (None, 2)


def test_recipes_by_construction_train_with_another_solver_too(tmp_path):
    found = zoo.train(
        "universal_approximator", solver="gradient", epochs=2, run_dir=tmp_path / "run"
    )
    assert found["test"]["rmse"] < 0.5

"""The exact solver against the normal equations, solved another way."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from zoo import ZooError
from zoo.data.dataset import Split
from zoo.training.examples import ResidentExamples, StreamedExamples
from zoo.training.solvers.ridge import solve, sum_examples

FEATURES = 12


@pytest.fixture(scope="module")
def problem():
    random = np.random.default_rng(0)
    x = random.normal(1.0, 2.0, (2500, FEATURES)).astype("float32")
    y = np.sign(x @ random.normal(size=FEATURES) + random.normal(0, 3, 2500)).astype("float32")
    x_input = keras.Input((FEATURES,), name="x")
    head = keras.Sequential([keras.layers.Dense(1)], name="head")
    return keras.Model(x_input, head(x_input)), x, y


@pytest.mark.parametrize("kind", [ResidentExamples, StreamedExamples])
@pytest.mark.parametrize("penalty", [0.0, 3.0, 1e4])
def test_the_solution_is_that_of_the_normal_equations(kind, penalty, problem):
    model, x, y = problem
    strategy = tf.distribute.get_strategy()
    (found,) = solve(sum_examples(strategy, kind(model, strategy, Split(x, y))), [penalty])
    weights, (bias,) = found.weights[:, 0], found.bias
    # Least squares with the penalty as further rows, and the bias as a column without one.
    rows = np.vstack([x, np.sqrt(penalty) * np.eye(FEATURES)])
    ones = np.concatenate([np.ones(len(x)), np.zeros(FEATURES)])
    targets = np.concatenate([y, np.zeros(FEATURES)])
    expected = np.linalg.lstsq(np.column_stack([rows, ones]), targets, rcond=None)[0]
    np.testing.assert_allclose(weights, expected[:-1], rtol=1e-7, atol=1e-9)
    assert bias == pytest.approx(expected[-1], rel=1e-7, abs=1e-9)
    residuals = x @ weights + bias - y
    assert found.figures["loss"] == pytest.approx(np.mean(residuals**2), rel=1e-7)


def test_the_exact_solver_leaves_an_ordinary_run(photos_dir, tmp_path):
    options = {"dataset": "photos", "data_dir": str(photos_dir), "solver": "exact"}
    options["options"] = {"size": 16}
    results = zoo.train("linear_cat_dog", run_dir=tmp_path / "path", **options)
    assert results["solver"]["name"] == "exact"
    history = (tmp_path / "path" / "history.csv").read_text().splitlines()
    assert history[0].startswith("penalty,loss,val_loss,val_accuracy")
    assert len(history) > 20
    best = max(float(line.split(",")[3]) for line in history[1:])
    assert results["history"]["val_accuracy"] == pytest.approx(best)
    model = zoo.load_model(tmp_path / "path")
    assert np.abs(model.get_weights()[0]).max() > 0
    # λ = 0 overfits 84 photos of 256 numbers each.
    results = zoo.train("linear_cat_dog", run_dir=tmp_path / "zero", penalty=0.0, **options)
    assert results["history"]["loss"] < 1e-3


def test_only_linear_models_have_an_exact_solution(tmp_path):
    with pytest.raises(ZooError, match="use --solver gradient for"):
        zoo.train("xor_mlp", solver="exact", run_dir=tmp_path / "xor")
    with pytest.raises(ZooError, match="from 0 up"):
        zoo.train("perceptron", solver="exact", penalty=-1.0, run_dir=tmp_path / "negative")
    with pytest.raises(ZooError, match="is only for --solver exact or lbfgs"):
        zoo.train("perceptron", penalty=1.0, run_dir=tmp_path / "gradient")
    with pytest.raises(ZooError, match="magic"):
        zoo.train("perceptron", solver="magic", run_dir=tmp_path / "magic")

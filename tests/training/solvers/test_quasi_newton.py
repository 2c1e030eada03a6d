"""The solver bfgs: gradient descent, then rounds of quasi-Newton steps in float64."""

import signal

import numpy as np
import pytest

import zoo
from zoo.errors import Preempted, ZooError
from zoo.training.reporter import Silent
from zoo.training.run_folder import RunFolder
from zoo.training.solvers import quasi_newton

SHORT = {"epochs": 2, "batch_size": 500, "solver": "bfgs", "iterations": 12}
SMALL = {"depth": 2, "width": 8}


class StopAt(Silent):
    """Asks to stop after so many steps of the rounds."""

    def __init__(self, steps):
        self.left = steps
        self.descending = True

    def epoch_begin(self, position, epochs, steps, batch_size):
        self.descending = position.epoch < SHORT["epochs"]

    def steps(self, count):
        if not self.descending:
            self.left -= count
            if self.left == 0:
                signal.raise_signal(signal.SIGTERM)


@pytest.fixture(autouse=True, scope="module")
def short_rounds():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quasi_newton, "ROUND", 5)
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Return the folder of a training that was not stopped."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    train(folder)
    return folder


def train(folder, name="pinn_burgers", **settings):
    options = {**SMALL, **settings.pop("options", {})}
    return zoo.train(name, run_dir=folder, strategy="cpu", options=options, **{**SHORT, **settings})


def weights(folder):
    return [weight.tobytes() for weight in zoo.load_model(folder).get_weights()]


def test_each_round_is_a_row_of_the_history(whole):
    rows, results = RunFolder(whole).history_file.rows(), RunFolder(whole).results()
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4, 5]
    assert results["epochs"] == 5
    assert results["steps"] == 2 * 40 + 12
    assert results["history"] == rows[-1]
    assert rows[-1]["val_loss"] < rows[1]["val_loss"]


def test_a_training_that_is_stopped_within_a_round_ends_with_the_same_weights(whole, tmp_path):
    for steps in (3, 4):
        with pytest.raises(Preempted):
            train(tmp_path, reporter=StopAt(steps))
    train(tmp_path)
    assert weights(tmp_path) == weights(whole)
    assert (tmp_path / "history.csv").read_text() == (whole / "history.csv").read_text()


def test_another_seed_gives_other_weights(whole, tmp_path):
    train(tmp_path, seed=1)
    assert weights(tmp_path) != weights(whole)


@pytest.mark.parametrize("standardize", [False, True])
def test_it_trains_any_small_model_of_values(standardize, tmp_path):
    options = {"activation": "tanh", "standardize": standardize}
    settings = {"dataset": "gaussian", "options": options, "iterations": 200, "batch_size": 100}
    by_gradient = train(
        tmp_path / "gradient", "deep_regression", **{**settings, "solver": None, "iterations": None}
    )
    results = train(tmp_path / "bfgs", "deep_regression", **settings)
    assert results["test"]["rmse"] < by_gradient["test"]["rmse"] / 2


def test_a_sample_holds_more_of_the_examples_with_a_large_residual(tmp_path):
    from zoo.registry.recipes import Recipe

    drawn = []

    class Watching(quasi_newton._Rounds):
        def _drawn(self):
            rows = super()._drawn()
            errors = self._objective.errors(self._state.x, self._x, self._y)
            drawn.append((rows, errors))
            return rows

    recipe = Recipe(
        **{"epochs": 2, "batch_size": 500, "learning_rate": 0.01, "optimizer": "adam"},
        **{"solver": "bfgs", "iterations": 15, "sample": 2000, "options": SMALL},
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quasi_newton, "_Rounds", Watching)
        zoo.train("pinn_burgers", recipe=recipe, run_dir=tmp_path, strategy="cpu")
    assert len(drawn) == 3
    for rows, errors in drawn:
        assert len(np.unique(rows)) == 2000
        assert errors[rows].mean() > 1.2 * errors.mean()
    assert not np.array_equal(drawn[0][0], drawn[1][0])


@pytest.mark.parametrize(
    ("name", "settings", "sentence"),
    [
        ("deep_relu", {}, "is for models that predict values from rows of numbers"),
        ("xor_mlp", {}, "is for models that predict values from rows of numbers"),
        ("deep_regression", {"options": {"width": 200}}, "give options for at most 4,000"),
        ("pinn_burgers", {"iterations": 0}, "The number of iterations is 0"),
        ("pinn_burgers", {"patience": 3}, "is only for --solver gradient, not"),
        ("pinn_burgers", {"solver": "gradient"}, "is only for --solver bfgs, not"),
    ],
)
def test_what_it_cannot_do_is_refused_in_a_sentence(name, settings, sentence, tmp_path):
    with pytest.raises(ZooError, match=sentence):
        zoo.train(name, run_dir=tmp_path, **{**SHORT, **settings})
    assert not list(tmp_path.iterdir())


def test_more_epochs_of_descent_do_not_go_on_from_what_followed_them(whole):
    with pytest.raises(ZooError, match="epochs"):
        train(whole, epochs=3)

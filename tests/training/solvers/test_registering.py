"""A solver from outside: registered by name, checked, and run like any other."""

import numpy as np
import pytest

import zoo
from zoo import ZooError
from zoo.registry import register_solver, solvers
from zoo.training.solvers import Outcome


class MeanSolver:
    """The best linear model that does not look at the photo."""

    remedy = "give other data"

    def check(self, model, recipe, dataset=None, replicas=1):
        if model.name != "linear_cat_dog":
            raise ZooError(f"--solver mean is not for {model.name}.")

    def fit(self, context):
        context.check_stop()
        mean = context.task.targets(context.dataset.train.y).mean()
        (dense,) = context.model.get_layer("head").layers
        dense.kernel.assign(np.zeros(dense.kernel.shape))
        dense.bias.assign([mean])
        figures = context.evaluation("validation").run()
        row = {"epoch": 1, **{f"val_{name}": value for name, value in figures.items()}}
        if context.folder:
            context.folder.write_history([row])
        return Outcome(epochs=1, steps=0, history=row)


@pytest.fixture
def registered(monkeypatch):
    monkeypatch.setattr(solvers, "_entries", dict(solvers._entries))
    register_solver("mean", f"{__name__}:MeanSolver", reads=())


@pytest.mark.usefixtures("registered")
def test_a_solver_of_ones_own_trains_a_run(photos_dir, tmp_path):
    data = {"dataset": "photos", "data_dir": str(photos_dir), "options": {"size": 4}}
    results = zoo.train("linear_cat_dog", solver="mean", run_dir=tmp_path / "run", **data)
    kernel, bias = zoo.load_model(tmp_path / "run").get_weights()
    train = zoo.data.load("photos", photos_dir).train.y
    assert not kernel.any()
    assert bias == pytest.approx(2 * train.mean() - 1, abs=1e-6)
    assert results["solver"]["name"] == "mean"
    assert zoo.evaluate(tmp_path / "run")["test"] == pytest.approx(results["test"])
    with pytest.raises(ZooError, match="not for xor_mlp"):
        zoo.train("xor_mlp", solver="mean", run_dir=tmp_path / "refused")
    with pytest.raises(
        ZooError, match="--epochs is only for --solver gradient or bfgs, not for mean"
    ):
        zoo.train("linear_cat_dog", solver="mean", epochs=3, run_dir=tmp_path / "refused")


def test_a_name_is_taken_once():
    with pytest.raises(ValueError, match="'exact' is registered already"):
        register_solver("exact", "somewhere:Else", reads=())

"""The full-batch solver against scikit-learn's optimum of the same objective."""

import os
import signal

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.linear_model import LogisticRegression

import zoo
from zoo import ZooError
from zoo.data.dataset import Split
from zoo.errors import Preempted
from zoo.training.examples import ResidentExamples, StreamedExamples
from zoo.training.reporter import Silent
from zoo.training.run_folder import RunFolder
from zoo.training.solvers.softmax_regression import GRADIENT_NORM, PENALTIES, solve

FEATURES, CLASSES = 30, 4


@pytest.fixture(scope="module")
def problem():
    random = np.random.default_rng(0)
    # Directions of very different length, and a mean far from 0, as pixels have.
    x = random.normal(size=(2500, FEATURES)) * np.logspace(0, -2, FEATURES) + 0.5
    logits = (x - 0.5) @ random.normal(size=(FEATURES, CLASSES))
    y = (logits + random.gumbel(size=logits.shape)).argmax(axis=1)
    x_input = keras.Input((FEATURES,), name="x")
    head = keras.Sequential([keras.layers.Dense(CLASSES), keras.layers.Softmax()], name="head")
    return keras.Model(x_input, head(x_input)), x.astype("float32"), y


@pytest.mark.parametrize("kind", [ResidentExamples, StreamedExamples])
def test_the_optimum_is_scikit_learns(kind, problem):
    model, x, y = problem
    strategy = tf.distribute.get_strategy()
    examples = kind(model, strategy, Split(x, y))
    for found in solve(model, strategy, examples, [1.0, 100.0]):
        peer = LogisticRegression(C=1 / found.penalty, tol=1e-8, max_iter=10_000)
        peer.fit(x.astype("float64"), y)
        assert found.figures["gradient_norm"] <= GRADIENT_NORM
        objectives = [
            objective(x, y, weights, bias, found.penalty)
            for weights, bias in ((found.weights, found.bias), (peer.coef_.T, peer.intercept_))
        ]
        assert objectives[0] == pytest.approx(objectives[1], abs=1e-6)
        probabilities = softmax(x @ found.weights + found.bias)
        np.testing.assert_allclose(probabilities, peer.predict_proba(x), atol=5e-3)
        assert found.figures["loss"] == pytest.approx(
            -np.log(probabilities[np.arange(len(y)), y]).mean()
        )


def test_the_solver_leaves_an_ordinary_run(tmp_path, tfds_dir):
    options = {"size": 4, "grayscale": False}
    results = zoo.train("cifar_softmax", options=options, solver="lbfgs", run_dir=tmp_path / "path")
    history = (tmp_path / "path" / "history.csv").read_text().splitlines()
    assert history[0].startswith("penalty,loss,gradient_norm,evaluations,val_loss,val_accuracy")
    best = max(float(line.split(",")[5]) for line in history[1:])
    assert results["history"]["val_accuracy"] == pytest.approx(best)
    evaluated = zoo.training.evaluate(tmp_path / "path")
    assert evaluated["test"] == pytest.approx(results["test"], abs=1e-6)
    # 48 numbers per photo in place of the lecture's 4096, and yet more than chance by far.
    assert results["test"]["accuracy"] > 0.3


def test_only_a_softmax_classifier_has_this_optimum(tmp_path, tfds_dir):
    with pytest.raises(ZooError, match="use --solver gradient for"):
        zoo.train("deep_relu", solver="lbfgs", run_dir=tmp_path / "deep")
    with pytest.raises(ZooError, match="above 0"):
        zoo.train("cifar_softmax", solver="lbfgs", penalty=0.0, run_dir=tmp_path / "zero")
    assert not list(tmp_path.rglob("config.json"))


class StopsAfter(Silent):
    """Sends this process SIGTERM when it hears of so many values of λ."""

    def __init__(self, stop_at):
        self.stop_at, self.sentences = stop_at, []

    def say(self, sentence):
        self.sentences.append(sentence)
        if sum(text.startswith("λ") for text in self.sentences) == self.stop_at:
            os.kill(os.getpid(), signal.SIGTERM)


def test_a_stopped_search_goes_on_to_the_same_weights(photos_dir, tmp_path):
    settings = {"dataset": "photos", "data_dir": str(photos_dir), "solver": "lbfgs"}
    settings["options"] = {"size": 4}
    with pytest.raises(Preempted, match=r"after 3 values of λ; .* resumes from there"):
        zoo.train("cifar_softmax", run_dir=tmp_path / "parts", reporter=StopsAfter(3), **settings)
    resumed = StopsAfter(99)
    zoo.train("cifar_softmax", run_dir=tmp_path / "parts", reporter=resumed, **settings)
    zoo.train("cifar_softmax", run_dir=tmp_path / "whole", **settings)
    assert "Resuming after 3 values of λ." in resumed.sentences
    assert sum(text.startswith("λ") for text in resumed.sentences) == len(PENALTIES) - 3
    parts, whole = (zoo.load_model(tmp_path / name).get_weights() for name in ("parts", "whole"))
    assert [weight.tobytes() for weight in parts] == [weight.tobytes() for weight in whole]
    for name in ("parts", "whole"):
        rows = RunFolder(tmp_path / name).history()
        assert len(rows) == len(PENALTIES)
    assert rows == RunFolder(tmp_path / "parts").history()


def objective(x, y, weights, bias, penalty):
    loss = -np.log(softmax(x @ weights + bias)[np.arange(len(y)), y]).sum()
    return (loss + penalty / 2 * (weights**2).sum()) / len(y)


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)

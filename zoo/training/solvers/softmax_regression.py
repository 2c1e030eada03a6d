"""The optimum of a softmax classifier: cross-entropy with a penalty, full batch, L-BFGS.

min over W, b of Σᵢ −log fᵢ[yᵢ] + λ/2 ‖W‖², f = softmax(W x + b) (slides 17 and 18, where
λ = 0). It is convex. L-BFGS (Liu and Nocedal, 1989) is quick if the curvature is the same in all
directions, so it searches for V in W = V L⁻¹ᵀ, where LLᵀ = p̄(1 − p̄) C + λ/n I is the curvature at
equal probabilities p̄ = 1 / classes, C the covariance of a sample of the examples. That changes the
way to the optimum, not the optimum. The search ends at a gradient norm of 1e-4, or where a step
changes the objective by less than 1e-9, which sums of float32 products no longer resolve.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import minimize

from zoo.errors import ZooError
from zoo.training.evaluation import Evaluation
from zoo.training.examples import Examples
from zoo.training.reporter import Reporter
from zoo.training.solvers.full_batch import Pass

# From next to no penalty to one that leaves next to no weights, for features between −1 and 1.
PENALTIES = tuple(10.0 ** np.linspace(1, 5, 9))
GRADIENT_NORM = 1e-4
_SMALLEST_STEP = 1e-9
_SAMPLE = 4000
_MOST_ITERATIONS = 1000


@dataclass(frozen=True)
class Optimum:
    """Where the solver stopped for one λ.

    Args:
        penalty: λ.
        weights: W transposed, float64 (features, classes).
        bias: b, float64 (classes,).
        loss: mean cross-entropy, without the penalty.
        gradient_norm: of (cross-entropy + penalty) / n with respect to W and b together.
        evaluations: passes over all examples it took.
    """

    penalty: float
    weights: np.ndarray
    bias: np.ndarray
    loss: float
    gradient_norm: float
    evaluations: int


def check(model: keras.Model, penalties: Sequence[float]) -> None:
    """Raise one sentence unless the model is softmax(W x + b) with cross-entropy, every λ above 0.

    Raises:
        ZooError: otherwise.
    """
    head = model.get_layer("head").layers
    names = [getattr(getattr(layer, "activation", None), "__name__", "") for layer in head]
    softmax_regression = (
        isinstance(head[0], keras.layers.Dense)
        and names in (["linear", "softmax"], ["linear", "linear", "softmax"])
        and isinstance(model.loss, keras.losses.SparseCategoricalCrossentropy)
    )
    if not softmax_regression:
        raise ZooError(
            f"--solver lbfgs is for a linear softmax classifier, as cifar_softmax is; "
            f"{model.name} as it is needs --solver gradient."
        )
    if not penalties or min(penalties) <= 0:
        # Without a penalty there may be no optimum: weights grow for ever.
        raise ZooError(
            f"The penalties are {list(penalties)}; --solver lbfgs takes numbers above 0."
        )


def fit(
    model: keras.Model,
    strategy: tf.distribute.Strategy,
    examples: Examples,
    validation: Evaluation,
    penalties: Sequence[float],
    reporter: Reporter,
    leave: Callable[[], None],
) -> list[dict[str, float]]:
    """Leave the optimum in the model, λ chosen by accuracy on validation data.

    Args:
        model: one that `check` accepts, built under the strategy's scope.
        strategy: whose replicas share each pass over the examples.
        examples: to fit.
        validation: of the same model.
        penalties: values of λ, above 0.
        reporter: told what is going on.
        leave: called between steps; it raises where the training was asked to stop.

    Returns:
        A row for each λ, {"penalty", "loss", "gradient_norm", "evaluations", "val_loss",
        "val_accuracy", …}; the chosen one last.

    Raises:
        ZooError: if the model is another, or a penalty is not above 0.
    """
    check(model, penalties)
    rows, found = [], []
    for optimum in path(model, strategy, examples, penalties, leave):
        _put(model, optimum)
        figures = {f"val_{name}": value for name, value in validation.run().items()}
        found.append(optimum)
        rows.append(
            {
                "penalty": optimum.penalty,
                "loss": optimum.loss,
                "gradient_norm": optimum.gradient_norm,
                "evaluations": optimum.evaluations,
                **figures,
            }
        )
        reporter.say(
            f"λ {optimum.penalty:12.4g}  loss {optimum.loss:.4f}  gradient "
            f"{optimum.gradient_norm:.1e} after {optimum.evaluations:3d} passes  val_loss "
            f"{figures['val_loss']:.4f}  val_accuracy {figures['val_accuracy']:.4f}"
        )
    best = max(range(len(rows)), key=lambda at: (rows[at]["val_accuracy"], -rows[at]["val_loss"]))
    _put(model, found[best])
    return [*rows[:best], *rows[best + 1 :], rows[best]]


def path(
    model: keras.Model,
    strategy: tf.distribute.Strategy,
    examples: Examples,
    penalties: Sequence[float],
    leave: Callable[[], None] = lambda: None,
):
    """Yield the `Optimum` for each λ, from the largest down; each starts where the last ended."""
    (dense, *_) = model.get_layer("head").layers
    features, classes = dense.kernel.shape
    count = len(examples)
    mean, covariance = _covariance(strategy, examples, features, leave)
    passing = Pass(strategy, examples, _loss_and_gradient, leave=leave)
    weights, bias = np.zeros((features, classes)), np.zeros(classes)
    for penalty in sorted(penalties, reverse=True):
        curvature = (1 - 1 / classes) / classes * covariance
        curvature[np.diag_indices(features)] += penalty / count
        factor = cholesky(curvature, lower=True, overwrite_a=True, check_finite=False)
        problem = _Problem(passing, factor, mean, penalty, count, (features, classes))
        result = minimize(
            problem.value,
            problem.start(weights, bias),
            jac=True,
            method="L-BFGS-B",
            callback=problem.stop,
            options={
                "maxiter": _MOST_ITERATIONS,
                "maxcor": 20,
                "maxls": 10,
                "gtol": 0.0,
                "ftol": _SMALLEST_STEP,
            },
        )
        weights, bias, loss, gradient_norm = problem.at(result.x)
        yield Optimum(float(penalty), weights, bias, loss, gradient_norm, problem.evaluations)


class _Problem:
    """The mean objective as L-BFGS sees it: of V, and of b for examples with their mean removed."""

    def __init__(self, passing, factor, mean, penalty, count, shape):
        self._passing = passing
        self._factor = factor
        self._mean = mean
        self._decay = penalty / count
        self._count = count
        self._shape = shape
        # The curvature along b is that along V, 1, only after scaling.
        classes = shape[1]
        self._bias_scale = 1 / np.sqrt((1 - 1 / classes) / classes)
        self._last = None
        self.evaluations = 0

    def start(self, weights, bias) -> np.ndarray:
        """Return the point that stands for W and b."""
        centred_bias = (bias + self._mean @ weights) / self._bias_scale
        return np.concatenate([(self._factor.T @ weights).ravel(), centred_bias])

    def value(self, point) -> tuple[float, np.ndarray]:
        """Return objective and gradient at a point."""
        weights, bias = self._weights(point)
        loss, over_x, over_b = self._passing.run(
            tf.constant(weights, tf.float32), tf.constant(bias, tf.float32)
        )
        self.evaluations += 1
        over_b = over_b / self._count
        by_bias = over_b
        by_weights = over_x / self._count + self._decay * weights
        norm = float(np.sqrt((by_weights**2).sum() + (by_bias**2).sum()))
        self._last = (point.copy(), float(loss) / self._count, norm)
        # b here is that of centred examples: moving W at a fixed such b moves the true b.
        inner = by_weights - np.outer(self._mean, over_b)
        gradient = solve_triangular(self._factor, inner, lower=True, check_finite=False)
        total = float(loss) / self._count + self._decay / 2 * float((weights**2).sum())
        return total, np.concatenate([gradient.ravel(), over_b * self._bias_scale])

    def stop(self, intermediate_result) -> None:
        """Stop L-BFGS once the gradient is small enough."""
        if self.at(intermediate_result.x)[3] <= GRADIENT_NORM:
            raise StopIteration

    def at(self, point) -> tuple[np.ndarray, np.ndarray, float, float]:
        """Return W, b, the mean cross-entropy and the norm of the gradient at a point."""
        if self._last is None or not np.array_equal(self._last[0], point):
            self.value(point)
        return (*self._weights(point), *self._last[1:])

    def _weights(self, point):
        features, classes = self._shape
        inner = point[: features * classes].reshape(self._shape)
        weights = solve_triangular(self._factor, inner, lower=True, trans="T", check_finite=False)
        bias = point[features * classes :] * self._bias_scale - self._mean @ weights
        return weights, bias


def _loss_and_gradient(x, y, counted, weights, bias):
    logits = tf.matmul(x, weights) + bias
    y = tf.cast(tf.reshape(y, (-1,)), tf.int32)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits)
    error = (tf.nn.softmax(logits) - tf.one_hot(y, logits.shape[1])) * counted[:, None]
    return (
        tf.reduce_sum(tf.cast(losses * counted, tf.float64)),
        tf.matmul(x, error, transpose_a=True),
        tf.reduce_sum(error, axis=0),
    )


def _covariance(strategy, examples, features, leave) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and the covariance of a sample drawn by a fixed seed."""
    count = min(len(examples), max(_SAMPLE, features))
    rows = np.random.default_rng(0).permutation(len(examples))[:count].astype(np.int32)

    def moments(x, y, counted):
        weighted = x * counted[:, None]
        return tf.reduce_sum(weighted, axis=0), tf.matmul(weighted, x, transpose_a=True)

    total, squares = Pass(strategy, examples, moments, rows, leave).run()
    mean = total / count
    return mean, squares / count - np.outer(mean, mean)


def _put(model: keras.Model, optimum: Optimum) -> None:
    (dense, *_) = model.get_layer("head").layers
    dense.kernel.assign(optimum.weights.astype(np.float32))
    dense.bias.assign(optimum.bias.astype(np.float32))

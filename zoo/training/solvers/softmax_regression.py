"""Softmax regression: minimise cross-entropy with a penalty by full-batch L-BFGS.

min over W, b of Σᵢ −log fᵢ[yᵢ] + λ/2 ‖W‖², f = softmax(W x + b) (slides 17 and 18, where
λ = 0). The problem is convex. L-BFGS (Liu and Nocedal, 1989) converges fast if the curvature is the
same in all directions, so it is preconditioned: it minimises over V in W = V L⁻¹ᵀ, where
LLᵀ = p̄(1 − p̄) C + λ/n I is the curvature at equal probabilities p̄ = 1 / classes and C is the
covariance of a sample of the examples. It ends at a gradient norm of 1e-4, or when a step changes
the objective by less than 1e-9, the resolution of sums of float32 products.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import minimize

from zoo.data import Dataset
from zoo.errors import ZooError
from zoo.registry.recipes import Recipe
from zoo.training.context import TrainingContext
from zoo.training.examples import Examples
from zoo.training.solvers import Outcome
from zoo.training.solvers.full_batch import FullBatchSum
from zoo.training.solvers.penalty_path import REMEDY, PenaltyPath, Solution, penalties_of

# From a negligible penalty to one that makes the weights negligible, for features from −1 to 1.
PENALTIES = tuple(10.0 ** np.linspace(1, 5, 9))
# The same for numbers of variance 1, per example.
PENALTIES_PER_EXAMPLE = tuple(10.0 ** np.linspace(-5, 0, 11))
GRADIENT_NORM = 1e-4
_SMALLEST_STEP = 1e-9
_SAMPLE = 4000
_MAX_ITERATIONS = 1000


class SoftmaxRegressionSolver:
    """Minimises a linear softmax classifier's penalised loss; λ is chosen on validation data."""

    remedy: ClassVar[str] = REMEDY

    def check(
        self,
        model: keras.Model,
        recipe: Recipe,
        dataset: Dataset | None = None,
        replicas: int = 1,
    ) -> None:
        """Check that the model is softmax(W x + b) with cross-entropy, and λ is above 0.

        Raises:
            ZooError: if not.
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
                f"--solver lbfgs is for a linear softmax classifier, such as cifar_softmax; "
                f"use --solver gradient for {model.name}."
            )
        if recipe.penalty is not None and recipe.penalty <= 0:
            # Without a penalty there may be no minimum: the weights could grow without bound.
            raise ZooError(
                f"The penalty is {recipe.penalty:g}; --solver lbfgs takes a number above 0."
            )

    def fit(self, context: TrainingContext) -> Outcome:
        """Solve the model, with a row of history.csv per λ, the chosen one last.

        A row is {"penalty", "loss", "gradient_norm", "evaluations", "val_loss", …}. A checkpoint is
        written after each λ.

        Raises:
            Preempted: after a request to stop.
            NonFiniteLossError: if a loss or metric is not finite.
            ZooError: if a file cannot be written.
        """
        path = PenaltyPath(context)
        path.restore()
        solutions = solve(
            context.model,
            context.strategy,
            context.examples("train"),
            penalties_of(context.recipe, default_penalties(context)),
            path.check_stop,
            path.solutions,
        )
        for solution in solutions:
            path.add(solution)
            path.save()
        return path.outcome()


def default_penalties(context: TrainingContext) -> tuple[float, ...]:
    """Return the λ to try for a model and its training examples."""
    if context.model.inputs[0].name == "image":
        return PENALTIES
    return tuple(len(context.dataset.train) * np.array(PENALTIES_PER_EXAMPLE))


def solve(
    model: keras.Model,
    strategy: tf.distribute.Strategy,
    examples: Examples,
    penalties: Sequence[float],
    check_stop: Callable[[], None] = lambda: None,
    known: Sequence[Solution] = (),
) -> Iterator[Solution]:
    """Yield the solution for each λ, from the largest down; each starts at the one before.

    Args:
        model: the model, whose head begins with the dense layer to solve.
        strategy: the distribution strategy.
        examples: the training examples.
        penalties: values of λ, above 0.
        check_stop: called before every batch; raises if the training was asked to stop.
        known: solutions for the largest λ, which are not computed again.

    Yields:
        Solutions whose figures are "loss", the mean cross-entropy without the penalty;
        "gradient_norm", of (cross-entropy + penalty) / n with respect to W and b together; and
        "evaluations", the number of passes over all examples.
    """
    remaining = sorted(penalties, reverse=True)[len(known) :]
    if not remaining:
        return
    (dense, *_) = model.get_layer("head").layers
    features, classes = dense.kernel.shape
    count = len(examples)
    mean, covariance = _covariance(strategy, examples, features, check_stop)
    total = FullBatchSum(strategy, examples, _loss_and_gradient, check_stop=check_stop)
    weights, bias = np.zeros((features, classes)), np.zeros(classes)
    if known:
        weights, bias = known[-1].weights, known[-1].bias
    for penalty in remaining:
        curvature = (1 - 1 / classes) / classes * covariance
        curvature[np.diag_indices(features)] += penalty / count
        factor = cholesky(curvature, lower=True, overwrite_a=True, check_finite=False)
        problem = _Problem(total, factor, mean, penalty, count, (features, classes))
        solution = problem.minimum(weights, bias)
        weights, bias = solution.weights, solution.bias
        yield solution


class _Problem:
    """The mean objective as a function of V, and of b for centred examples."""

    def __init__(
        self,
        total: FullBatchSum,
        factor: np.ndarray,
        mean: np.ndarray,
        penalty: float,
        count: int,
        shape: tuple[int, int],
    ):
        self._total = total
        self._factor = factor
        self._mean = mean
        self._penalty = float(penalty)
        self._decay = penalty / count
        self._count = count
        self._shape = shape
        # Scales b so that the curvature along it is 1, as it is along V.
        classes = shape[1]
        self._bias_scale = 1 / np.sqrt((1 - 1 / classes) / classes)
        self._last: tuple[np.ndarray, float, float] | None = None
        self.evaluations = 0

    def minimum(self, weights: np.ndarray, bias: np.ndarray) -> Solution:
        """Return the minimum; the search starts at these W and b."""
        result = minimize(
            self.value,
            self.start(weights, bias),
            jac=True,
            method="L-BFGS-B",
            callback=self.stop,
            options={
                "maxiter": _MAX_ITERATIONS,
                "maxcor": 20,
                "maxls": 10,
                "gtol": 0.0,
                "ftol": _SMALLEST_STEP,
            },
        )
        weights, bias, loss, gradient_norm = self.at(result.x)
        figures = {"loss": loss, "gradient_norm": gradient_norm, "evaluations": self.evaluations}
        return Solution(self._penalty, weights, bias, figures)

    def start(self, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
        """Return the point for W and b."""
        centred_bias = (bias + self._mean @ weights) / self._bias_scale
        return np.concatenate([(self._factor.T @ weights).ravel(), centred_bias])

    def value(self, point: np.ndarray) -> tuple[float, np.ndarray]:
        """Return objective and gradient at a point."""
        weights, bias = self._weights(point)
        loss, over_x, over_b = self._total.run(
            tf.constant(weights, tf.float32), tf.constant(bias, tf.float32)
        )
        self.evaluations += 1
        over_b = over_b / self._count
        by_bias = over_b
        by_weights = over_x / self._count + self._decay * weights
        norm = float(np.sqrt((by_weights**2).sum() + (by_bias**2).sum()))
        self._last = (point.copy(), float(loss) / self._count, norm)
        # Here b is for centred examples: changing W with this b fixed changes the model's b.
        inner = by_weights - np.outer(self._mean, over_b)
        gradient = solve_triangular(self._factor, inner, lower=True, check_finite=False)
        total = float(loss) / self._count + self._decay / 2 * float((weights**2).sum())
        return total, np.concatenate([gradient.ravel(), over_b * self._bias_scale])

    def stop(self, intermediate_result: Any) -> None:
        """Stop L-BFGS once the gradient is small enough."""
        if self.at(intermediate_result.x)[3] <= GRADIENT_NORM:
            raise StopIteration

    def at(self, point: np.ndarray) -> tuple[np.ndarray, np.ndarray, float, float]:
        """Return W, b, the mean cross-entropy and the norm of the gradient at a point."""
        if self._last is None or not np.array_equal(self._last[0], point):
            self.value(point)
        assert self._last is not None
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


def _covariance(
    strategy: tf.distribute.Strategy,
    examples: Examples,
    features: int,
    check_stop: Callable[[], None],
) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and the covariance of a sample of the examples, with a fixed seed."""
    count = min(len(examples), max(_SAMPLE, features))
    rows = np.random.default_rng(0).permutation(len(examples))[:count].astype(np.int32)

    def moments(x, y, counted):
        weighted = x * counted[:, None]
        return tf.reduce_sum(weighted, axis=0), tf.matmul(weighted, x, transpose_a=True)

    total, squares = FullBatchSum(strategy, examples, moments, rows, check_stop).run()
    mean = total / count
    return mean, squares / count - np.outer(mean, mean)

"""The exact solution of a linear model with squared error: ridge regression over a path of λ.

For each output, min over w, b of Σᵢ (w·xᵢ + b − yᵢ)² + λ ‖w‖² (slide 16, where λ = 0). With the
means x̄, ȳ, C = Σ (xᵢ − x̄)(xᵢ − x̄)ᵀ and c = Σ (xᵢ − x̄)(yᵢ − ȳ), it is w = (C + λI)⁻¹ c,
b = ȳ − w·x̄. One pass over the examples gives the sums. One tridiagonalisation serves every λ: with
C = H T Hᵀ, H orthogonal and T tridiagonal (Householder), w(λ) = H (T + λI)⁻¹ Hᵀ c is computed
quickly (Eldén, 1977). If T + λI is singular, the full eigendecomposition is used:
C = Q diag(s) Qᵀ, w(λ) = Q diag(1 / (s + λ)) Qᵀ c over the s that are not 0 (Hoerl and Kennard,
1970).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf
from scipy.linalg import eigvalsh_tridiagonal, lapack, solveh_banded

from zoo.data import Dataset
from zoo.errors import ZooError
from zoo.nn.losses import SquaredError
from zoo.nn.scaling import output_scaling
from zoo.registry.recipes import Recipe
from zoo.training.context import TrainingContext
from zoo.training.examples import Examples
from zoo.training.solvers import Outcome
from zoo.training.solvers.full_batch import FullBatchSum
from zoo.training.solvers.penalty_path import REMEDY, PenaltyPath, Solution, penalties_of
from zoo.training.solvers.stoppable import stoppable, tridiagonalised

# From a negligible penalty to one that makes the weights negligible, for photos' features.
PENALTIES = tuple(10.0 ** np.linspace(0, 7, 22))
# The same for numbers of variance 1, per example.
PENALTIES_PER_EXAMPLE = tuple(10.0 ** np.linspace(-6, 1, 22))
_STRIP = 512


@dataclass(frozen=True)
class Sums:
    """The sums over the examples that ridge regression needs, float64.

    Args:
        count: number of examples.
        x: Σ xᵢ, (features,).
        y: Σ yᵢ, (outputs,).
        yy: Σ yᵢ², (outputs,).
        xx: Σ xᵢ xᵢᵀ, (features, features).
        xy: Σ xᵢ yᵢᵀ, (features, outputs).
    """

    count: float
    x: np.ndarray
    y: np.ndarray
    yy: np.ndarray
    xx: np.ndarray
    xy: np.ndarray


class RidgeSolver:
    """Solves a linear model with squared error exactly; λ is chosen on validation data."""

    remedy: ClassVar[str] = REMEDY

    def check(
        self,
        model: keras.Model,
        recipe: Recipe,
        dataset: Dataset | None = None,
        replicas: int = 1,
    ) -> None:
        """Check that the model is W x + b with squared error.

        Raises:
            ZooError: if it is not.
        """
        dense, *others = model.get_layer("head").layers
        scaled = output_scaling(model)
        linear = (
            isinstance(dense, keras.layers.Dense)
            and dense.activation is keras.activations.linear
            and others == ([] if scaled is None else [scaled])
            and isinstance(model.loss, (SquaredError, keras.losses.MeanSquaredError))
        )
        if not linear:
            raise ZooError(
                f"--solver exact is for a linear model with squared error, such as linear_cat_dog "
                f"or linear_regression; use --solver gradient for {model.name}."
            )

    def fit(self, context: TrainingContext) -> Outcome:
        """Solve the model, with a row of history.csv per λ, the chosen one last.

        A row is {"penalty", "loss", "val_loss", …}.

        Raises:
            Preempted: after a request to stop; there are no checkpoints.
            NonFiniteLossError: if a loss or metric is not finite.
        """
        path = PenaltyPath(context)
        sums = sum_examples(context.strategy, context.examples("train"), context.check_stop)
        context.reporter.say(f"Summed {sums.count:,.0f} examples; solving for each λ.")
        penalties = penalties_of(context.recipe, default_penalties(context.model, sums.count))
        units = _Units.of(context.model)
        for solution in stoppable(lambda: solve(sums, penalties, units), context.poll_stop):
            context.check_stop()
            path.add(solution)
        return path.outcome()


def default_penalties(model: keras.Model, examples: float) -> tuple[float, ...]:
    """Return the λ to try for a model, given the number of training examples."""
    if model.inputs[0].name == "image":
        return PENALTIES
    return tuple(examples * np.array(PENALTIES_PER_EXAMPLE))


@dataclass(frozen=True)
class _Units:
    """How outputs of the dense layer become the model's, and errors its loss.

    Args:
        mean: added to the outputs, after they are multiplied by
        deviation: (outputs,) or a scalar, as `mean`.
        averages: whether the loss is averaged over the outputs, else summed.
    """

    mean: Any = 0.0
    deviation: Any = 1.0
    averages: bool = False

    @classmethod
    def of(cls, model: keras.Model) -> _Units:
        """Return those of a model that `RidgeSolver.check` accepts."""
        averages = not isinstance(model.loss, SquaredError)
        scaling = output_scaling(model)
        if scaling is None:
            return cls(averages=averages)
        mean, variance = (
            keras.ops.convert_to_numpy(weight).astype(np.float64)
            for weight in (scaling.adapt_mean, scaling.adapt_variance)
        )
        return cls(mean, np.sqrt(variance), averages)

    def loss(self, squared_errors: np.ndarray) -> float:
        """Return the loss for the mean squared error of each output, in own units."""
        scaled = squared_errors / np.square(self.deviation)
        return float(scaled.mean() if self.averages else scaled.sum())


def sum_examples(
    strategy: tf.distribute.Strategy,
    examples: Examples,
    check_stop: Callable[[], None] = lambda: None,
) -> Sums:
    """Return the sums over all examples, in one pass.

    Args:
        strategy: the distribution strategy.
        examples: the examples.
        check_stop: called before every batch; raises if the training was asked to stop.
    """

    def sums(x, y, weight):
        # float64, because subtracting the means from sums of squares cancels digits.
        x, weight = tf.cast(x, tf.float64), tf.cast(weight, tf.float64)
        y = tf.cast(tf.reshape(y, (tf.shape(x)[0], -1)), tf.float64)
        weighted = x * weight[:, None]
        return (
            tf.reduce_sum(weight),
            tf.reduce_sum(weighted, axis=0),
            tf.reduce_sum(y * weight[:, None], axis=0),
            tf.reduce_sum(y * y * weight[:, None], axis=0),
            *_half_product(weighted, x),
            tf.matmul(weighted, y, transpose_a=True),
        )

    count, x, y, yy, *strips, xy = FullBatchSum(
        strategy, examples, sums, check_stop=check_stop
    ).run()
    return Sums(float(count), x, y, yy, _symmetric(strips), xy)


def _half_product(weighted, x):
    """Return weightedᵀ x, which is symmetric, as strips of rows from the diagonal on."""
    starts = range(0, x.shape[1], _STRIP)
    return [tf.matmul(weighted[:, at : at + _STRIP], x[:, at:], transpose_a=True) for at in starts]


def _symmetric(strips: Sequence[np.ndarray]) -> np.ndarray:
    size = strips[0].shape[1]
    whole = np.empty((size, size))
    for strip in strips:
        at = size - strip.shape[1]
        whole[at : at + len(strip), at:] = strip
        whole[at:, at : at + len(strip)] = strip.T
    return whole


def solve(sums: Sums, penalties: Sequence[float], units: _Units | None = None) -> list[Solution]:
    """Return the solution for each λ, with the model's loss without the penalty as its "loss".

    If λ = 0 and the solution is not unique, it is the one with the smallest norm of w.

    Args:
        sums: the sums over the training examples.
        penalties: values of λ, from 0 up.
        units: by default the dense layer's outputs are the model's, and the loss is summed.
    """
    units = units or _Units()
    mean_x, mean_y = sums.x / sums.count, sums.y / sums.count
    covariance = sums.xx - sums.count * np.outer(mean_x, mean_x)
    correlation = sums.xy - sums.count * np.outer(mean_x, mean_y)
    spread = sums.yy - sums.count * mean_y**2
    solutions = []
    for penalty, weights in zip(penalties, _path(covariance, correlation, penalties), strict=True):
        errors = [
            total - 2 * w @ c + w @ (covariance @ w)
            for total, w, c in zip(spread, weights.T, correlation.T, strict=True)
        ]
        bias = np.array([m - w @ mean_x for m, w in zip(mean_y, weights.T, strict=True)])
        loss = {"loss": units.loss(np.array(errors) / sums.count)}
        solutions.append(
            Solution(
                float(penalty),
                weights / units.deviation,
                (bias - units.mean) / units.deviation,
                loss,
            )
        )
    return solutions


def _path(
    covariance: np.ndarray, correlation: np.ndarray, penalties: Sequence[float]
) -> list[np.ndarray]:
    """Return (C + λI)⁻¹ c for each λ, each (features, outputs)."""
    size = len(correlation)
    if size == 1:
        return _eigen_path(covariance, correlation, penalties)
    reflectors, diagonal, off_diagonal, factors = tridiagonalised(covariance)
    values = eigvalsh_tridiagonal(diagonal, off_diagonal)
    if values[0] + min(penalties) <= _noise(values):
        return _eigen_path(covariance, correlation, penalties)

    def reflected(columns: np.ndarray, transposed: str) -> np.ndarray:
        # H does not change the first entry; for the others it is a product of reflections.
        below, _, _ = lapack.dormqr(
            "L", transposed, reflectors[1:, :-1], factors, columns[1:], lwork=64 * size
        )
        return np.vstack([columns[:1], below])

    rotated = reflected(correlation, "T")
    band = np.stack([diagonal, np.append(off_diagonal, 0.0)])
    shift = np.array([[1.0], [0.0]])
    solved = [solveh_banded(band + penalty * shift, rotated, lower=True) for penalty in penalties]
    return np.split(reflected(np.hstack(solved), "N"), len(penalties), axis=1)


def _eigen_path(
    covariance: np.ndarray, correlation: np.ndarray, penalties: Sequence[float]
) -> list[np.ndarray]:
    values, vectors = np.linalg.eigh(covariance)
    rotated, noise = vectors.T @ correlation, _noise(values)
    kept = [(values + penalty)[:, None] for penalty in penalties]
    return [
        vectors @ np.where(sums > noise, rotated / np.maximum(sums, noise), 0.0) for sums in kept
    ]


def _noise(values: np.ndarray) -> float:
    """Return the size below which an eigenvalue is only a rounding error."""
    return values[-1] * len(values) * np.finfo(np.float64).eps

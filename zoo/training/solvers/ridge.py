"""The exact solution of a linear model with squared error: ridge regression over a path of λ.

min over w, b of Σᵢ (w·xᵢ + b − yᵢ)² + λ ‖w‖² (slide 16, where λ = 0). With the means x̄, ȳ,
C = Σ (xᵢ − x̄)(xᵢ − x̄)ᵀ and c = Σ (xᵢ − x̄)(yᵢ − ȳ), it is w = (C + λI)⁻¹ c, b = ȳ − w·x̄. One pass
over the examples gives the sums. The first half of one eigendecomposition serves every λ: with
C = H T Hᵀ, H orthogonal and T tridiagonal (Householder), w(λ) = H (T + λI)⁻¹ Hᵀ c costs next to
nothing (Eldén, 1977). Where that is singular the second half is due as well:
C = Q diag(s) Qᵀ, w(λ) = Q diag(1 / (s + λ)) Qᵀ c over the s that are not 0 (Hoerl and
Kennard, 1970).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from scipy.linalg import eigvalsh_tridiagonal, lapack, solveh_banded

from zoo.errors import ZooError
from zoo.nn.losses import SquaredError
from zoo.training.evaluation import Evaluation
from zoo.training.examples import Examples
from zoo.training.reporter import Reporter
from zoo.training.solvers.full_batch import Pass

# From next to no penalty to one that leaves next to no weights, for features between −1 and 1.
PENALTIES = tuple(10.0 ** np.linspace(0, 7, 22))
_STRIP = 512


@dataclass(frozen=True)
class Sums:
    """What ridge regression needs of the examples, float64.

    Args:
        count: how many there are.
        x: Σ xᵢ, (features,).
        y: Σ yᵢ.
        yy: Σ yᵢ².
        xx: Σ xᵢ xᵢᵀ, (features, features).
        xy: Σ xᵢ yᵢ, (features,).
    """

    count: float
    x: np.ndarray
    y: float
    yy: float
    xx: np.ndarray
    xy: np.ndarray


def check(model: keras.Model, penalties: Sequence[float]) -> None:
    """Raise one sentence unless the model is W x + b with squared error and no λ is below 0.

    Raises:
        ZooError: otherwise.
    """
    head = model.get_layer("head").layers
    linear = (
        len(head) == 1
        and isinstance(head[0], keras.layers.Dense)
        and head[0].units == 1
        and head[0].activation is keras.activations.linear
        and isinstance(model.loss, SquaredError)
    )
    if not linear:
        raise ZooError(
            f"--solver exact is for a linear model with squared error, as linear_cat_dog is; "
            f"{model.name} needs --solver gradient."
        )
    if not penalties or min(penalties) < 0:
        raise ZooError(f"The penalties are {list(penalties)}; give numbers from 0 up.")


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
        model: linear, built under the strategy's scope.
        strategy: whose replicas share the pass over the examples.
        examples: to fit.
        validation: of the same model.
        penalties: values of λ, from 0 up.
        reporter: told what is going on.
        leave: called between steps; it raises where the training was asked to stop.

    Returns:
        A row for each λ, {"penalty", "loss", "val_loss", "val_accuracy", …}; the chosen one last.

    Raises:
        ZooError: if the model is not linear, or a penalty is below 0.
    """
    check(model, penalties)
    sums = sum_examples(strategy, examples, leave)
    reporter.say(f"One pass over {sums.count:,.0f} examples is done; solving for each λ.")
    rows = []
    solutions = solve(sums, penalties)
    for penalty, weights, bias, loss in solutions:
        leave()
        _put(model, weights, bias)
        found = {f"val_{name}": value for name, value in validation.run().items()}
        rows.append({"penalty": float(penalty), "loss": loss, **found})
        reporter.say(
            f"λ {penalty:12.4g}  loss {loss:.4f}  val_loss {found['val_loss']:.4f}  "
            f"val_accuracy {found['val_accuracy']:.4f}"
        )
    # Of equal accuracies the one with the smaller loss.
    best = max(range(len(rows)), key=lambda at: (rows[at]["val_accuracy"], -rows[at]["val_loss"]))
    _put(model, *solutions[best][1:3])
    return [*rows[:best], *rows[best + 1 :], rows[best]]


def sum_examples(
    strategy: tf.distribute.Strategy, examples: Examples, leave: Callable[[], None] = lambda: None
) -> Sums:
    """Return the sums over all examples, in one pass shared by the replicas."""

    def sums(x, y, weight):
        # Sums of squares cancel when means are taken out; float32 would leave noise.
        x, weight = tf.cast(x, tf.float64), tf.cast(weight, tf.float64)
        y = tf.cast(tf.reshape(y, (-1, 1)), tf.float64)
        weighted = x * weight[:, None]
        return (
            tf.reduce_sum(weight),
            tf.reduce_sum(weighted, axis=0),
            tf.reduce_sum(y * weight[:, None]),
            tf.reduce_sum(y * y * weight[:, None]),
            *_half_product(weighted, x),
            tf.matmul(weighted, y, transpose_a=True)[:, 0],
        )

    count, x, y, yy, *strips, xy = Pass(strategy, examples, sums, leave=leave).run()
    return Sums(float(count), x, float(y), float(yy), _symmetric(strips), xy)


def _half_product(weighted, x):
    """Return the strips of rows of weightedᵀ x, each from the diagonal on: the rest is a mirror."""
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


def solve(
    sums: Sums, penalties: Sequence[float]
) -> list[tuple[float, np.ndarray, float, float | None]]:
    """Return (λ, w, b, mean squared error) for each λ.

    With λ = 0, directions in which the examples do not differ get no weight: of all optima the
    one with the smallest weights.
    """
    mean_x, mean_y = sums.x / sums.count, sums.y / sums.count
    covariance = sums.xx - sums.count * np.outer(mean_x, mean_x)
    correlation = sums.xy - sums.count * mean_x * mean_y
    solutions = []
    for penalty, weights in zip(penalties, _path(covariance, correlation, penalties), strict=True):
        spread = sums.yy - sums.count * mean_y**2
        error = spread - 2 * weights @ correlation + weights @ (covariance @ weights)
        bias = mean_y - weights @ mean_x
        solutions.append((penalty, weights, float(bias), float(error / sums.count)))
    return solutions


def _path(
    covariance: np.ndarray, correlation: np.ndarray, penalties: Sequence[float]
) -> list[np.ndarray]:
    """Return (C + λI)⁻¹ c for each λ, each (features,)."""
    if len(correlation) == 1:
        return _eigen_path(covariance, correlation, penalties)
    size = len(correlation)
    room = int(lapack.dsytrd_lwork(size, lower=1)[0])
    reflectors, diagonal, beside, factors, _ = lapack.dsytrd(covariance, lower=1, lwork=room)
    values = eigvalsh_tridiagonal(diagonal, beside)
    if values[0] + min(penalties) <= _noise(values):
        return _eigen_path(covariance, correlation, penalties)

    def reflected(columns: np.ndarray, transposed: str) -> np.ndarray:
        # H leaves the first entry alone; of the others it is a product of reflections.
        below, _, _ = lapack.dormqr(
            "L", transposed, reflectors[1:, :-1], factors, columns[1:], lwork=64 * size
        )
        return np.vstack([columns[:1], below])

    turned = reflected(correlation[:, None], "T")
    band = np.stack([diagonal, np.append(beside, 0.0)])
    shift = np.array([[1.0], [0.0]])
    solved = [solveh_banded(band + penalty * shift, turned, lower=True) for penalty in penalties]
    return list(reflected(np.hstack(solved), "N").T)


def _eigen_path(
    covariance: np.ndarray, correlation: np.ndarray, penalties: Sequence[float]
) -> list[np.ndarray]:
    values, vectors = np.linalg.eigh(covariance)
    rotated, noise = vectors.T @ correlation, _noise(values)
    return [
        vectors
        @ np.where(values + penalty > noise, rotated / np.maximum(values + penalty, noise), 0.0)
        for penalty in penalties
    ]


def _noise(values: np.ndarray) -> float:
    """Return the size below which an eigenvalue is the rounding of the sums."""
    return values[-1] * len(values) * np.finfo(np.float64).eps


def _put(model: keras.Model, weights: np.ndarray, bias: float) -> None:
    (dense,) = model.get_layer("head").layers
    dense.kernel.assign(weights[:, None].astype(np.float32))
    dense.bias.assign(np.array([bias], np.float32))

"""Metrics of a model's predictions on a split, with NumPy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

# Two values agree if they differ by at most this fraction of the range of values. Files quantised
# to 8 bits, with steps of 1/255 of the range, differ by up to half as much.
SAME_VALUE = 0.05


@dataclass(frozen=True)
class Metric:
    """A metric of a model's predictions on a split.

    Args:
        name: its name in results.json and in manifests, such as "accuracy".
        title: its name in headings, such as "relative L2 error".
        greater_is_better: whether a larger value is better.
        is_share: whether it is a fraction, 0…1, printed in percent; else an error, 0…∞.
        compute: function of (predictions, targets) that returns the metric; predictions as
            `Task.predictions` returns them, targets as the data set has them.
        is_relative: whether an error is relative to the targets' norm; else it has their unit.
        negligible: increase of an error that an export may always cause: a fraction of the range
            of the outputs, or an absolute value if the error is relative.
    """

    name: str
    title: str
    greater_is_better: bool
    is_share: bool
    compute: Callable[[np.ndarray, np.ndarray], float]
    is_relative: bool = False
    negligible: float = 0.0

    def text(self, figure: float) -> str:
        """Return a value of the metric as text: a fraction in percent, an error with four digits.

        >>> ACCURACY.text(0.5634), RMSE.text(0.0123456)
        ('56.34 %', '0.01235')
        """
        return f"{100 * figure:.2f} %" if self.is_share else f"{figure:.4g}"

    def is_better(self, figure: float, other: float) -> bool:
        """Return whether a value of the metric is better than another."""
        return self.cost(figure) < self.cost(other)

    def cost(self, figure: float) -> float:
        """Return a value of the metric as a number of which the smallest is the best."""
        return -figure if self.greater_is_better else figure

    def is_near(self, figure: float, other: float, points: float) -> bool:
        """Return whether two values of the metric are equal up to rounding.

        Args:
            figure: the first value.
            other: the second value.
            points: largest difference of fractions, in percentage points; for errors, ten times
                this in percent of the larger one.

        >>> ACCURACY.is_near(0.561, 0.5615, points=0.1), RMSE.is_near(1.0, 1.02, points=0.1)
        (True, False)
        >>> RELATIVE_L2.is_near(8e-6, 1e-5, points=0.1)
        True
        """
        # float32 outputs of another order of sums: 1e-5 of their norm, 1e-6 in the targets' unit.
        rounding = 1e-3 if self.is_relative else 1e-4
        larger = max(abs(figure), abs(other))
        tolerance = points if self.is_share else 10 * points * larger + rounding
        return 100 * abs(figure - other) <= tolerance


def _accuracy(predictions: np.ndarray, targets: np.ndarray) -> float:
    return float(np.mean(predictions == targets))


def _rmse(predictions: np.ndarray, targets: np.ndarray) -> float:
    return float(np.sqrt(np.mean(_errors(predictions, targets) ** 2)))


def _largest_error(predictions: np.ndarray, targets: np.ndarray) -> float:
    return float(np.max(np.abs(_errors(predictions, targets))))


def _relative_l2(predictions: np.ndarray, targets: np.ndarray) -> float:
    size = float(np.linalg.norm(np.asarray(targets, np.float64)))
    error = float(np.linalg.norm(_errors(predictions, targets)))
    return error / size if size else error


def _errors(predictions: np.ndarray, targets: np.ndarray) -> np.ndarray:
    predictions = np.asarray(predictions, np.float64)
    return predictions - np.asarray(targets, np.float64).reshape(predictions.shape)


ACCURACY = Metric("accuracy", "accuracy", True, True, _accuracy)
RMSE = Metric("rmse", "RMSE", False, False, _rmse, negligible=0.02)
LARGEST_ERROR = Metric(
    "largest_error", "largest error", False, False, _largest_error, negligible=SAME_VALUE
)
RELATIVE_L2 = Metric(
    "relative_l2",
    "relative L2 error",
    False,
    False,
    _relative_l2,
    is_relative=True,
    negligible=0.02,
)

"""Functions of one variable, and one of two, without noise, to approximate by a network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from zoo.data.dataset import Dataset, Split, computed_dataset
from zoo.registry.tasks import Value
from zoo.utils.choices import require_choice

PREFIX = "curve:"
VALUES = (Value("y"),)
# Training examples lie at the ends of this many equal intervals, each of which has 8 of the test
# set's; validation examples lie in the middle of the intervals. All are exact in float32.
INTERVALS = 1024
TEST_INTERVALS = 8 * INTERVALS
# The same along each axis of the function of two variables.
INTERVALS_2D = 64
TEST_INTERVALS_2D = 2 * INTERVALS_2D
# How finely an interval is searched for the largest derivative.
_SEARCHED = 200_000

_Function = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Curve:
    """A function of one variable on an interval.

    Args:
        formula: of the function, as text.
        lower: the interval's lower end.
        upper: its upper end.
        function: of x, float64 (n,).
        slope: the first derivative; None if the function is not continuous.
        curvature: the second derivative; None if the first is not continuous.
    """

    formula: str
    lower: float
    upper: float
    function: _Function
    slope: _Function | None = None
    curvature: _Function | None = None

    def largest(self, derivative: _Function) -> float:
        """Return the largest absolute value of a derivative on the interval."""
        x = np.linspace(self.lower, self.upper, _SEARCHED + 1)
        return float(np.max(np.abs(derivative(x))))

    def piecewise_constant_bound(self, pieces: int) -> float | None:
        """Return a bound of |f − g|, g constant on equal intervals, f in the middle of each.

        With intervals of length h it is max|f′| h / 2; None if f is not continuous.

        >>> round(CURVES["abs"].piecewise_constant_bound(100), 9)
        0.01
        """
        if self.slope is None:
            return None
        return self.largest(self.slope) * (self.upper - self.lower) / pieces / 2

    def piecewise_linear_bound(self, pieces: int) -> float | None:
        """Return a bound of |f − g|, g linear on equal intervals, f at the ends of each.

        With intervals of length h it is max|f″| h² / 8 (for instance Quarteroni, Sacco and Saleri,
        Numerical Mathematics, 2007, section 8.3); None if f′ is not continuous.

        >>> round(CURVES["runge"].piecewise_linear_bound(100), 9)
        0.0025
        """
        if self.curvature is None:
            return None
        return self.largest(self.curvature) * ((self.upper - self.lower) / pieces) ** 2 / 8


def _nielsen(x: np.ndarray) -> np.ndarray:
    return 0.2 + 0.4 * x**2 + 0.3 * x * np.sin(15 * x) + 0.05 * np.cos(50 * x)


def _nielsen_slope(x: np.ndarray) -> np.ndarray:
    return 0.8 * x + 0.3 * np.sin(15 * x) + 4.5 * x * np.cos(15 * x) - 2.5 * np.sin(50 * x)


def _nielsen_curvature(x: np.ndarray) -> np.ndarray:
    return 0.8 + 9 * np.cos(15 * x) - 67.5 * x * np.sin(15 * x) - 125 * np.cos(50 * x)


def _runge(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + 25 * x**2)


CURVES = {
    "nielsen": Curve(
        "0.2 + 0.4 x² + 0.3 x sin 15x + 0.05 cos 50x",
        0.0,
        1.0,
        _nielsen,
        _nielsen_slope,
        _nielsen_curvature,
    ),
    "step": Curve("1 if x ≥ 0, else 0", -1.0, 1.0, lambda x: (x >= 0).astype(np.float64)),
    "abs": Curve("|x|", -1.0, 1.0, np.abs, np.sign),
    "runge": Curve(
        "1 / (1 + 25 x²)",
        -1.0,
        1.0,
        _runge,
        lambda x: -50 * x * _runge(x) ** 2,
        lambda x: 5000 * x**2 * _runge(x) ** 3 - 50 * _runge(x) ** 2,
    ),
}


def curve(name: str) -> Dataset:
    """Return a curve of `CURVES` as a data set.

    x is float32 (n, 1) and y is float32 (n,), without noise. The 1,025 training points are evenly
    spaced and include the ends of the interval, the 1,024 validation points lie in the middle
    between them, and the 8,193 test points are eight times as dense: the largest error on them is
    that between the training points, too.

    Args:
        name: "nielsen" (Nielsen, Neural Networks and Deep Learning, 2015, chapter 4), "step", "abs"
            or "runge".

    Raises:
        UnknownNameError: for an unknown name.

    >>> data = curve("nielsen")
    >>> data.train.x.shape, float(data.train.y[0])
    ((1025, 1), 0.25)
    """
    require_choice("curve", name, CURVES)
    found = CURVES[name]
    splits = {
        split: _sampled(found.function, [points])
        for split, points in _grids(found.lower, found.upper, INTERVALS, TEST_INTERVALS).items()
    }
    dataset = computed_dataset(f"{PREFIX}{name}", "vector", splits, values=VALUES)
    return replace(dataset, inputs=("x",))


def franke() -> Dataset:
    """Return Franke's function of two variables on the unit square as a data set.

    It is the sum of two hills, a slope and a hollow (Franke, Scattered Data Interpolation, 1982).
    x is float32 (n, 2) and y is float32 (n,), without noise. The 65 × 65 training points form a
    grid that includes the border, the 64 × 64 validation points lie in the middle between them, and
    the 129 × 129 test points are twice as dense along each axis.
    """
    splits = {
        split: _sampled(_franke, [points, points])
        for split, points in _grids(0.0, 1.0, INTERVALS_2D, TEST_INTERVALS_2D).items()
    }
    dataset = computed_dataset(f"{PREFIX}franke", "vector", splits, values=VALUES)
    return replace(dataset, inputs=("x1", "x2"))


def curve_of(dataset: str) -> Curve | None:
    """Return the curve of a data set's name, None for any other data set.

    >>> curve_of("curve:abs").formula, curve_of("xor")
    ('|x|', None)
    """
    return CURVES.get(dataset.removeprefix(PREFIX)) if dataset.startswith(PREFIX) else None


def _franke(x1: np.ndarray, x2: np.ndarray) -> np.ndarray:
    a, b = 9 * x1, 9 * x2
    return (
        0.75 * np.exp(-((a - 2) ** 2 + (b - 2) ** 2) / 4)
        + 0.75 * np.exp(-((a + 1) ** 2) / 49 - (b + 1) / 10)
        + 0.5 * np.exp(-((a - 7) ** 2 + (b - 3) ** 2) / 4)
        - 0.2 * np.exp(-((a - 4) ** 2) - (b - 7) ** 2)
    )


def _grids(lower: float, upper: float, intervals: int, finer: int) -> dict[str, np.ndarray]:
    train = np.linspace(lower, upper, intervals + 1)
    return {
        "train": train,
        "validation": (train[:-1] + train[1:]) / 2,
        "test": np.linspace(lower, upper, finer + 1),
    }


def _sampled(function: Callable[..., np.ndarray], axes: list[np.ndarray]) -> Split:
    """Return a function's values on the grid of these axes."""
    grid = np.meshgrid(*axes, indexing="ij")
    x = np.stack([along.ravel() for along in grid], axis=1)
    return Split(x.astype(np.float32), function(*x.T).astype(np.float32))

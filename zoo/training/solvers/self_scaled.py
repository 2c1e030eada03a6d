"""Quasi-Newton minimisation with self-scaled updates of the inverse Hessian.

BFGS corrects an approximation H of the inverse Hessian after each step; self-scaled updates also
divide it by a factor τ when the curvature along the step was smaller than H says, and choose the
member of Broyden's family, with a factor φ (φ = 1 is BFGS), by Al-Baali's rules (Al-Baali,
Spedicato and Maggioni, 2014). Physics-informed networks end with errors that are smaller by orders
of magnitude (Urbán, Stefanou and Pons, arXiv 2405.04230; Kiyani et al., arXiv 2501.16371).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import blas
from scipy.optimize import line_search

# Of the strong Wolfe conditions (Nocedal and Wright, 2006, section 3.1).
_DECREASE, _CURVATURE = 1e-4, 0.9
_TRIALS = 25

Function = Callable[[np.ndarray], tuple[float, np.ndarray]]


@dataclass
class State:
    """Where a minimisation stands.

    Args:
        x: the point, float64 (n,).
        inverse: approximation of the inverse Hessian, float64 (n, n), in Fortran's order; only its
            lower triangle is used.
        fresh: whether `inverse` is the identity, not yet corrected.
    """

    x: np.ndarray
    inverse: np.ndarray
    fresh: bool = True

    @classmethod
    def at(cls, x: np.ndarray) -> State:
        """Return the state at the beginning of a minimisation."""
        return cls(np.array(x, np.float64), np.eye(len(x), order="F"))


class Minimiser:
    """Minimises a smooth function, step by step.

    Args:
        function: returns value and gradient, float64 (n,), at a point.
        state: where to start; changed by `step`.
        update: "ssbroyden", "ssbfgs" or "bfgs".
    """

    def __init__(self, function: Function, state: State, update: str = "ssbroyden"):
        self._function = function
        self._update = update
        self.state = state
        self.value, self._gradient = function(state.x)

    def step(self) -> bool:
        """Take a step along −H ∇f that satisfies the strong Wolfe conditions.

        Returns:
            Whether there was one; if not, even along the steepest descent, the value cannot be
            decreased any more in the precision of float64.
        """
        if not np.any(self._gradient):
            return False
        if self._searched():
            return True
        if self.state.fresh:
            return False
        # Rounding errors have made the approximation useless: begin anew with the identity.
        self.state.inverse, self.state.fresh = np.eye(len(self.state.x), order="F"), True
        return self._searched()

    def _searched(self) -> bool:
        """Search along −H ∇f, and go to the point that was found, if one was."""
        state, gradient = self.state, self._gradient
        direction = -blas.dsymv(1.0, state.inverse, gradient, lower=1)
        if not direction @ gradient < 0:
            return False
        trials = _Trials(self._function, state.x, self.value, gradient)
        # Without an approximation of the curvature, the first trial is a step of length 1.
        former = self.value + np.linalg.norm(gradient) / 2 if state.fresh else None
        with warnings.catch_warnings():
            # That no step was found is the result None.
            warnings.simplefilter("ignore")
            length = line_search(
                trials.value,
                trials.gradient,
                state.x,
                direction,
                gradient,
                self.value,
                former,
                c1=_DECREASE,
                c2=_CURVATURE,
                maxiter=_TRIALS,
            )[0]
        if length is None:
            return False
        point = state.x + length * direction
        value, slope = trials.at(point)
        if not (np.isfinite(value) and value < self.value):
            return False
        self._corrected(point - state.x, slope - gradient, -length * gradient)
        state.x, self.value, self._gradient = point, value, slope
        return True

    def _corrected(self, step: np.ndarray, change: np.ndarray, image: np.ndarray) -> None:
        """Correct H after a step.

        Args:
            step: s, from the last point to this one.
            change: y, of the gradient.
            image: H⁻¹ s.
        """
        curvature = float(step @ change)
        if curvature <= 0:
            return
        state, size = self.state, len(step)
        if state.fresh:
            # The size of the inverse Hessian along the first step (Nocedal and Wright, 6.20).
            scale = curvature / float(change @ change)
            state.inverse *= scale
            image = image / scale
            state.fresh = False
        product = blas.dsymv(1.0, state.inverse, change, lower=1)
        h = float(change @ product) / curvature
        b = float(step @ image) / curvature
        factor, divisor = _FACTORS[self._update](h, b, size)
        # H ← (H − Hy(Hy)ᵀ/yᵀHy + φ yᵀHy v vᵀ)/τ + s sᵀ/yᵀs,  v = s/yᵀs − Hy/yᵀHy, expanded.
        inverse = state.inverse
        inverse /= divisor
        whole = h * curvature
        inverse = blas.dsyr((factor - 1) / whole / divisor, product, 1, a=inverse, overwrite_a=1)
        inverse = blas.dsyr2(
            -factor / curvature / divisor, step, product, 1, a=inverse, overwrite_a=1
        )
        state.inverse = blas.dsyr(
            (factor * h / divisor + 1) / curvature, step, 1, a=inverse, overwrite_a=1
        )


def _bfgs(h: float, b: float, size: int) -> tuple[float, float]:
    return 1.0, 1.0


def _ssbfgs(h: float, b: float, size: int) -> tuple[float, float]:
    return 1.0, min(1.0, 1 / b)


def _ssbroyden(h: float, b: float, size: int) -> tuple[float, float]:
    """Return φ and τ for h = yᵀHy/yᵀs, b = sᵀH⁻¹s/yᵀs (arXiv 2405.04230, equations 13–23)."""
    # By Cauchy and Schwarz, a ≥ 0; it is 0 where all members of the family are the same.
    a = max(b * h - 1, np.finfo(float).eps)
    lower = min(1.0, h * (1 - np.sqrt(a / (1 + a))))
    theta = max((lower - 1) / a, min(1 / lower, (1 - b) / b))
    sigma = 1 + theta * a
    shrunk = abs(sigma) ** (1 / (1 - size)) if size > 1 else 1.0
    scale = min(1.0, 1 / b)
    divisor = min(scale * shrunk, sigma) if theta <= 0 else scale * min(shrunk, 1 / theta)
    return (1 - theta) / sigma, divisor


_FACTORS = {"ssbroyden": _ssbroyden, "ssbfgs": _ssbfgs, "bfgs": _bfgs}


class _Trials:
    """The function's value and gradient, computed together and kept for the last points."""

    def __init__(self, function: Function, x: np.ndarray, value: float, gradient: np.ndarray):
        self._function = function
        self._known = [(x, value, gradient)]

    def at(self, point: np.ndarray) -> tuple[float, np.ndarray]:
        for known, value, gradient in self._known:
            if np.array_equal(known, point):
                return value, gradient
        value, gradient = self._function(point)
        self._known = [*self._known[-3:], (point.copy(), value, gradient)]
        return value, gradient

    def value(self, point: np.ndarray) -> float:
        return self.at(point)[0]

    def gradient(self, point: np.ndarray) -> np.ndarray:
        return self.at(point)[1]

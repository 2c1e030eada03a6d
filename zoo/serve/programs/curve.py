"""One hidden layer that approximates a function of one variable, slide 12, as the page shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from zoo.data.curves import CURVES, INTERVALS
from zoo.errors import ZooError
from zoo.models import build
from zoo.serve.packing import pack, pack_levels
from zoo.serve.programs.base import RecentlyUsed
from zoo.serve.programs.flat import (
    FlatTraining,
    batches,
    build_optimizer,
    flat_of,
    require_finite,
    train_until,
)
from zoo.serve.settings import CurveSettings
from zoo.training.solvers.construction import place

# Intervals at whose ends curves are drawn, and between those at which the error is measured.
SHOWN = 512
MEASURED = 8 * SHOWN
# Intervals at whose ends units are drawn.
_UNIT_INTERVALS = 256
_MAX_UNITS = 32
# The activation of each way of constructing the weights.
_CONSTRUCTED = {"interpolant": "relu", "bumps": "sigmoid"}


@dataclass(frozen=True)
class Function:
    """A function of one variable on an interval.

    Args:
        formula: of the function, as text; "" if it has none.
        lower: the interval's lower end.
        upper: its upper end.
        at: the function of x, float64 (n,).
        bounds: the way of a construction → bound of its error by the number of pieces, None if the
            function is too rough to have one, and the bound's formula.
    """

    formula: str
    lower: float
    upper: float
    at: Callable[[np.ndarray], np.ndarray]
    bounds: dict[str, tuple[Callable[[int], float | None], str]]

    def points(self, intervals: int) -> np.ndarray:
        """Return the ends of equal intervals, float64 (intervals + 1,)."""
        return np.linspace(self.lower, self.upper, intervals + 1)


def function_of(settings: CurveSettings) -> Function:
    """Return the function that is approximated.

    Of a function that is not twice differentiable, max|f′| h / 2 bounds the error of the
    interpolant, too: it lies between the values at the ends of an interval of length h, each of
    which differs from f by at most max|f′| times the distance.
    """
    if settings.function == "drawn":
        values = np.array(settings.values, np.float64)
        places = np.linspace(-1.0, 1.0, len(values))
        slope = float(np.abs(np.diff(values) / np.diff(places)).max())

        def by_slope(pieces: int) -> float:
            return slope / pieces

        return Function(
            "",
            -1.0,
            1.0,
            lambda x: np.interp(x, places, values),
            dict.fromkeys(_CONSTRUCTED, (by_slope, "max|f′| h / 2")),
        )
    curve = CURVES[settings.function]
    constant = (curve.piecewise_constant_bound, "max|f′| h / 2")
    linear = (curve.piecewise_linear_bound, "max|f″| h² / 8")
    return Function(
        curve.formula,
        curve.lower,
        curve.upper,
        curve.function,
        {"bumps": constant, "interpolant": constant if curve.curvature is None else linear},
    )


class CurveTraining:
    """See `zoo.serve.programs.base.Program`; the state holds "flat", of `FlatTraining`.

    Args:
        settings: of the training.
        graphs: where graphs are kept.

    Raises:
        ZooError: for bumps of an odd number of units.
    """

    def __init__(self, settings: CurveSettings, graphs: RecentlyUsed):
        if settings.way == "bumps" and settings.width % 2:
            raise ZooError(
                f"The width is {settings.width}, but bumps are pairs of units; give an even width."
            )
        self._settings = settings
        self._graphs = graphs
        self._function = function_of(settings)
        self._constructed = settings.way in _CONSTRUCTED
        self._activation = _CONSTRUCTED.get(settings.way, settings.activation)
        x = self._function.points(INTERVALS)
        self._x = x[:, None].astype(np.float32)
        self._y = self._function.at(x)[:, None].astype(np.float32)

    def start(self) -> dict[str, np.ndarray]:
        """Return the initial weights of the seed, or the constructed weights."""
        keras.utils.set_random_seed(self._settings.seed)
        model = self._model()
        if self._constructed:
            hidden, _, output = model.get_layer("head").layers
            placed = place(self._activation, self._settings.width, self._x[:, 0], self._y)
            hidden.set_weights([placed.kernel[None], placed.bias])
            output.set_weights([placed.outputs, placed.offset])
        return {"flat": flat_of(model).numpy(), "updates": np.int64(0)}

    def advance(
        self, state: dict[str, np.ndarray], updates: int, deadline: float
    ) -> dict[str, np.ndarray]:
        """Return the state after further updates.

        Raises:
            ZooError: if the weights are constructed, not trained.
        """
        settings = self._settings
        if self._constructed:
            raise ZooError(
                f"The weights of the way {settings.way!r} are computed at once, so that there is "
                'nothing to train; choose the way "trained".'
            )
        done = int(state["updates"])
        flat, made = train_until(
            self._graph().training,
            state["flat"],
            (self._x, self._y),
            lambda first, count: batches(
                settings.seed, len(self._x), settings.batch_size, done + first, count
            ),
            updates,
            deadline,
        )
        return {"flat": flat, "updates": np.int64(done + made)}

    def frame(self, state: dict[str, np.ndarray], first: bool) -> dict[str, Any]:
        """Return the curves of a state.

        "x", "function", "network" and "error" (network − function), each packed (n,); "units",
        packed (≤ 32, m), each unit's activation times its output weight at evenly spaced places of
        the same interval; "units_count", of all units; "offset", which they and all others add up
        to the network with; "loss", the mean squared error at the training points;
        "largest_error", on a grid eight times as fine as x; "bound" of it and "bound_formula", or
        None; "updates_per_epoch"; if first, "formula", and "points", the values (x, y) that the
        weights were constructed from.

        Raises:
            ZooError: if the training has diverged.
        """
        function, settings = self._function, self._settings
        x = function.points(MEASURED)
        exact = function.at(x)
        network, units, offset, loss = self._graph().look(state["flat"], x, self._x, self._y)
        updates = int(state["updates"])
        require_finite(updates, network, units, loss)
        error = network - exact
        every = MEASURED // SHOWN
        found = {
            "x": pack(x[::every]),
            "function": pack(exact[::every]),
            "network": pack(network[::every]),
            "error": pack(error[::every]),
            "units": pack_levels(units),
            "units_count": settings.width,
            "offset": float(offset),
            "loss": float(loss),
            "largest_error": float(np.abs(error).max()),
            "updates_per_epoch": -(-len(self._x) // settings.batch_size),
            **self._bound(),
        }
        if first:
            found |= {"formula": function.formula, "points": self._knots()}
        return found

    def _pieces(self) -> int:
        width = self._settings.width
        return width // 2 if self._settings.way == "bumps" else width

    def _bound(self) -> dict[str, Any]:
        if not self._constructed:
            return {"bound": None, "bound_formula": None}
        bound, formula = self._function.bounds[self._settings.way]
        found = bound(self._pieces())
        return {"bound": found, "bound_formula": None if found is None else formula}

    def _knots(self) -> list[list[float]]:
        if not self._constructed:
            return []
        x = self._function.points(self._pieces())
        if self._settings.way == "bumps":
            x = (x[:-1] + x[1:]) / 2
        return np.stack([x, self._function.at(x)], axis=1).tolist()

    def _model(self) -> keras.Model:
        settings = self._settings
        model = build("universal_approximator", width=settings.width, activation=self._activation)
        model.compile(
            build_optimizer(settings.optimizer, settings.learning_rate),
            keras.losses.MeanSquaredError(),
        )
        return model

    def _graph(self) -> _Graphs:
        key = ("curve", self._settings.width, self._activation, self._settings.optimizer)
        return self._graphs.get(key, lambda: _Graphs(self._model()))


def shown(width: int) -> list[int]:
    """Return which units are drawn: of many, pairs of neighbours, such as make a bump.

    >>> shown(3), shown(256)[-4:]
    ([0, 1, 2], [238, 239, 254, 255])
    """
    if width <= _MAX_UNITS:
        return list(range(width))
    firsts = 2 * np.linspace(0, width // 2 - 1, _MAX_UNITS // 2).round().astype(int)
    return np.stack([firsts, firsts + 1], axis=1).ravel().tolist()


class _Graphs:
    """The compiled graphs of one shape."""

    def __init__(self, model: keras.Model):
        self.training = FlatTraining(model)
        self._look = tf.function(self._outputs)

    def look(self, flat: np.ndarray, x: np.ndarray, *examples: np.ndarray) -> list[np.ndarray]:
        """Return the network at x, (n,), some units, the offset, and the loss of the examples."""
        every = (len(x) - 1) // _UNIT_INTERVALS
        inputs = [flat, x[:, None], x[::every, None], *examples]
        return [
            found.numpy() for found in self._look(*(tf.constant(one, tf.float32) for one in inputs))
        ]

    def _outputs(self, flat, x, places, x_train, y_train):
        self.training.assign(flat)
        model = self.training.model
        hidden, activation, output = model.get_layer("head").layers
        units = tf.gather(
            activation(hidden(places)) * output.kernel[:, 0], shown(hidden.units), axis=1
        )
        loss = model.compute_loss(x=x_train, y=y_train, y_pred=model(x_train))
        return model(x)[:, 0], tf.transpose(units), output.bias[0], loss

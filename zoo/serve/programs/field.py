"""A network that is trained on the residual of a differential equation, slide 13, for the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from zoo import data
from zoo.errors import ZooError
from zoo.models import build
from zoo.registry.tasks import RELATIVE_L2
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
from zoo.serve.settings import FieldSettings

# Of the training points, so many are enough to measure the loss.
_MEASURED = 1024


@dataclass(frozen=True)
class _Problem:
    """What is solved.

    Args:
        model: name of the registered model.
        options: of its builder.
        equation: as text.
        every: which points of the test set's grid are drawn, along each input.
    """

    model: str
    options: dict[str, Any]
    equation: str
    every: tuple[int, ...]


PROBLEMS = {
    "oscillator": _Problem("pinn_oscillator", {}, "u″ + 4u′ + 400u = 0", (1,)),
    "poisson": _Problem(
        "pinn_poisson", {"inputs": 1}, "−u″ = π² (sin πx + 4.5 sin 3πx), u(0) = u(1) = 0", (1,)
    ),
    "poisson_square": _Problem(
        "pinn_poisson", {"inputs": 2}, "−Δu = 2π² sin πx sin πy, u = 0 on the boundary", (2, 2)
    ),
    "burgers": _Problem(
        "pinn_burgers",
        {},
        "uₜ + u uₓ = (0.01/π) uₓₓ, u(x, 0) = −sin πx, u(±1, t) = 0",
        (2, 2),
    ),
}


class _Points:
    """The training points of a problem and the grid on which its solution is drawn."""

    def __init__(self, name: str):
        dataset = data.load(name)
        self.x = np.asarray(dataset.train.x, np.float32)
        self.y = np.asarray(dataset.train.y, np.float32)[:, None]
        self.names = dataset.inputs
        grid, values = np.asarray(dataset.test.x), np.asarray(dataset.test.y)
        axes = [np.unique(column) for column in grid.T]
        shape = tuple(len(along) for along in axes)
        chosen = [
            np.arange(0, count, every)
            for count, every in zip(shape, PROBLEMS[name].every, strict=True)
        ]
        shown = np.ix_(*chosen)
        self.axes = [along[places] for along, places in zip(axes, chosen, strict=True)]
        self.solution = values.reshape(shape)[shown]
        self.grid = grid.reshape((*shape, -1))[shown].reshape(-1, len(axes))


class FieldTraining:
    """See `zoo.serve.programs.base.Program`; the state holds "flat", of `FlatTraining`.

    Args:
        settings: of the training.
        graphs: where graphs and points are kept.

    Raises:
        ZooError: for the way "plain" of a problem without observed values.
    """

    def __init__(self, settings: FieldSettings, graphs: RecentlyUsed):
        if settings.way == "plain" and settings.problem != "oscillator":
            raise ZooError(
                f"The way is 'plain', but without its equation nothing is known of the problem "
                f"{settings.problem!r}; choose the way 'informed', or the oscillator."
            )
        self._settings = settings
        self._graphs = graphs
        self._problem = PROBLEMS[settings.problem]

    def start(self) -> dict[str, np.ndarray]:
        """Return the initial weights of the seed."""
        keras.utils.set_random_seed(self._settings.seed)
        return {"flat": flat_of(self._model()).numpy(), "updates": np.int64(0)}

    def advance(
        self, state: dict[str, np.ndarray], updates: int, deadline: float
    ) -> dict[str, np.ndarray]:
        """Return the state after further updates."""
        points, done = self._points(), int(state["updates"])
        flat, made = train_until(
            self._graph().training,
            state["flat"],
            (points.x, points.y),
            lambda first, count: self._batches(done + first, count),
            updates,
            deadline,
        )
        return {"flat": flat, "updates": np.int64(done + made)}

    def frame(self, state: dict[str, np.ndarray], first: bool) -> dict[str, Any]:
        """Return solution, network and residual of a state.

        "solution", "network" and "residual", packed: (n,) at "x" for one input, else (rows,
        columns), the first row at the lowest end of the second input, with "axes": {"x": [low,
        high, name], "y": [low, high, name]}. "loss", at up to 1,024 training points;
        "largest_residual" and "relative_l2" on the grid; "points", of the last update, packed
        (points, inputs); "updates_per_epoch"; if first, "equation", "input", and of the oscillator
        "observed", its values (t, u) that count in the loss, and "observed_until".

        Raises:
            ZooError: if the training has diverged.
        """
        points, graphs = self._points(), self._graph()
        some = slice(0, _MEASURED)
        network, residual, loss = graphs.look(
            state["flat"], points.grid, points.x[some], points.y[some]
        )
        updates = int(state["updates"])
        require_finite(updates, network, residual, loss)
        shape = points.solution.shape
        last = self._batches(updates - 1, 1)[0] if updates else np.arange(0)
        found = {
            "loss": float(loss),
            "relative_l2": RELATIVE_L2.compute(network, points.solution.ravel()),
            "largest_residual": float(np.abs(residual).max()),
            "points": pack(points.x[last]),
            "updates_per_epoch": -(-len(points.x) // self._settings.batch_size),
        }
        fields = {"solution": points.solution, "network": network, "residual": residual}
        if len(shape) == 1:
            found["x"] = pack(points.axes[0])
            found |= {name: pack(numbers) for name, numbers in fields.items()}
        else:
            ends = [[float(along[0]), float(along[-1])] for along in points.axes]
            found["axes"] = {
                axis: [*pair, name]
                for axis, pair, name in zip("xy", ends, points.names, strict=True)
            }
            found |= {
                name: pack_levels(numbers.reshape(shape).T) for name, numbers in fields.items()
            }
        if first:
            found |= {"equation": self._problem.equation, "input": points.names[0]}
            if self._settings.problem == "oscillator":
                found |= graphs.observed(points.x, points.y)
        return found

    def _batches(self, first: int, count: int) -> list[np.ndarray]:
        settings = self._settings
        return batches(settings.seed, len(self._points().x), settings.batch_size, first, count)

    def _model(self) -> keras.Model:
        settings = self._settings
        options = dict(self._problem.options)
        if settings.way == "plain":
            options["residual_weight"] = 0.0
        model = build(
            self._problem.model,
            depth=settings.depth,
            width=settings.width,
            activation=settings.activation,
            **options,
        )
        model.compile(
            build_optimizer(settings.optimizer, settings.learning_rate),
            keras.losses.MeanSquaredError(),
        )
        return model

    def _points(self) -> _Points:
        name = self._settings.problem
        return self._graphs.get(("points", name), lambda: _Points(name))

    def _graph(self) -> _Graphs:
        of = self._settings
        key = ("field", of.problem, of.way, of.depth, of.width, of.activation, of.optimizer)
        return self._graphs.get(key, lambda: _Graphs(self._model()))


class _Graphs:
    """The compiled graphs of one shape."""

    def __init__(self, model: keras.Model):
        self.training = FlatTraining(model)
        self._look = tf.function(self._outputs)

    def look(self, flat: np.ndarray, grid: np.ndarray, *examples: np.ndarray) -> list[np.ndarray]:
        """Return network and residual at the points of a grid, (n,), and the examples' loss."""
        return [
            found.numpy()
            for found in self._look(*(tf.constant(one) for one in (flat, grid, *examples)))
        ]

    def observed(self, x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
        """Return the examples of one input whose values count in the loss."""
        equation = self.training.model.equation
        counted = equation.observed(tf.constant(x)).numpy() > 0
        return {
            "observed": np.hstack([x, y])[counted].tolist(),
            "observed_until": equation.observed_until,
        }

    def _outputs(self, flat, grid, x, y):
        self.training.assign(flat)
        model = self.training.model
        loss = model.compute_loss(x=x, y=y, y_pred=model(x))
        return model(grid)[:, 0], model.residuals(grid)[:, 0], loss

"""Trains a network, or the perceptron, for points of the plane."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.data.dataset import Dataset, Split, computed_dataset
from zoo.data.plane_points import PlanePoints, given_points, plane_points
from zoo.errors import ZooError
from zoo.registry.tasks import Value
from zoo.serve.packing import pack, pack_levels
from zoo.serve.programs import plane_graph
from zoo.serve.programs.base import RecentlyUsed
from zoo.serve.programs.plane_code import program_text
from zoo.serve.programs.plane_start import (
    dense_layers,
    dropout_seed,
    initial_weights,
)
from zoo.serve.settings import PlaneSettings
from zoo.training.loop import epoch_order

if TYPE_CHECKING:
    import keras

GRID = 51
UNIT_GRID = 16
# Updates between two looks at the clock: few milliseconds.
_AT_ONCE = 10
_THRESHOLD = 0.5
_SMALLEST = 1e-7


def points_of(settings: PlaneSettings) -> PlanePoints:
    """Return the points of these settings.

    Raises:
        ZooError: for an own point with a label other than 0 and 1.
    """
    if settings.data == "own":
        return given_points(
            np.array(settings.points),
            plane_graph.has_values(settings),
            settings.test_share,
            settings.seed,
        )
    return plane_points(settings.data, settings.noise, settings.test_share, settings.seed)


def dataset_of(settings: PlaneSettings) -> Dataset:
    """Return the points as a data set; the training points are the validation points, too.

    Where there are no test points, they are the test points as well.
    """
    points = points_of(settings)
    dtype = np.float32 if points.are_values else np.int64
    train = Split(points.x, points.y[:, 0].astype(dtype))
    test = Split(points.x_test, points.y_test[:, 0].astype(dtype)) if len(points.x_test) else train
    return computed_dataset(
        f"playground {settings.data}",
        "vector",
        {"train": train, "validation": train, "test": test},
        labels=() if points.are_values else ("0", "1"),
        values=(Value("y"),) if points.are_values else (),
    )


class PlaneTraining:
    """One training; see `zoo.serve.programs.base.PlaneProgram`.

    The examples of epoch e are in the order `np.random.default_rng([seed, e]).permutation(n)`, the
    updates of an epoch take consecutive examples, and its last update takes what is left.

    Args:
        settings: of the training.
        graphs: where compiled graphs are fetched from.

    Raises:
        ZooError: for settings that do not go together.
    """

    def __init__(self, settings: PlaneSettings, graphs: RecentlyUsed):
        if plane_graph.has_values(settings):
            if settings.model == "perceptron":
                raise ZooError(
                    "The perceptron answers 0 or 1, and these points have values; choose a "
                    "network, or points with labels."
                )
            if settings.loss == "cross_entropy":
                raise ZooError(
                    "Cross-entropy is for labels, and these points have values; choose the half "
                    "squared error, or points with labels."
                )
        self._settings = settings
        self._graphs = graphs
        self._points = points_of(settings)
        self._batch = 1 if settings.model == "perceptron" else settings.batch_size
        self._per_epoch = -(-len(self._points.x) // self._batch)

    def _graph(self) -> plane_graph.PlaneGraph:
        settings = self._settings
        return self._graphs.get(
            plane_graph.shape_of(settings), lambda: plane_graph.PlaneGraph(settings)
        )

    def start(self) -> dict[str, np.ndarray]:
        """Return the state after 0 updates: "weights", the optimizer's "slots", and "counters"."""
        graph = self._graph()
        slots = np.zeros(graph.slots, np.float32)
        # The first of every Keras optimizer's numbers.
        slots[0] = self._settings.learning_rate
        counters = np.zeros(graph.counters, np.int64)
        # After the number of updates, each dropout layer has its seed and a count.
        layers = range(1, 1 + len(counters) // 2)
        counters[1::2] = [dropout_seed(self._settings.seed, layer) for layer in layers]
        return {
            "updates": np.array(0, np.int64),
            "weights": initial_weights(self._settings, graph.model),
            "slots": slots,
            "counters": counters,
        }

    def advance(
        self, state: dict[str, np.ndarray], updates: int, deadline: float
    ) -> dict[str, np.ndarray]:
        """Return the state after further updates, fewer if the deadline comes first."""
        advance = self._graph().advance
        done, last = int(state["updates"]), int(state["updates"]) + updates
        found: Any = (state["weights"], state["slots"], state["counters"])
        while done < last:
            at_once = min(_AT_ONCE, last - done)
            found = advance(*found, self._points.x, self._points.y, *self._order(done, at_once))
            done += at_once
            if time.perf_counter() > deadline:
                break
        arrays = [array.numpy() for array in found]
        return {
            "updates": np.array(done, np.int64),
            **dict(zip(("weights", "slots", "counters"), arrays, strict=True)),
        }

    def _order(self, done: int, updates: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return rows of training points, and where the rows of each update start and stop."""
        count, per_epoch = len(self._points.x), self._per_epoch
        first, last = done // per_epoch, (done + updates - 1) // per_epoch
        rows = [epoch_order(self._settings.seed, epoch, count) for epoch in range(first, last + 1)]
        epochs, places = np.divmod(np.arange(done, done + updates), per_epoch)
        starts = places * self._batch
        stops = np.minimum(starts + self._batch, count)
        skipped = (epochs - first) * count
        return (
            np.concatenate(rows),
            (starts + skipped).astype(np.int32),
            (stops + skipped).astype(np.int32),
        )

    def frame(self, state: dict[str, np.ndarray], first: bool) -> dict[str, Any]:
        """Return what the page draws of a state, as JSON values.

        Raises:
            ZooError: if the training has diverged.
        """
        points, graph = self._points, self._graph()
        grid, places = _square(points, GRID), _square(points, UNIT_GRID)
        x = np.concatenate([points.x, points.x_test, grid])
        outputs, seen = graph.outputs(state["weights"], x, places)
        train, test, picture = np.split(
            outputs.numpy()[:, 0], [len(points.x), len(points.x) + len(points.x_test)]
        )
        if not (np.isfinite(outputs).all() and np.isfinite(state["weights"]).all()):
            raise ZooError(
                f"The training diverged after {int(state['updates'])} updates: its numbers are not "
                "finite; choose a smaller learning rate."
            )
        both = {"train": (train, points.y[:, 0]), "test": (test, points.y_test[:, 0])}
        features, *units = [_pictures(array.numpy()) for array in seen]
        scale = np.abs(features).max(axis=(1, 2), keepdims=True)
        kernels = self._kernels(state, graph.model)
        found: dict[str, Any] = {
            "loss": {name: self._loss(*pair) for name, pair in both.items()},
            "errors": (
                None
                if points.are_values
                else {
                    name: int(((p >= _THRESHOLD) != (y >= _THRESHOLD)).sum())
                    for name, (p, y) in both.items()
                }
            ),
            "points_count": {"train": len(points.x), "test": len(points.x_test)},
            "updates_per_epoch": self._per_epoch,
            "epoch": int(state["updates"]) // self._per_epoch,
            "low": points.low,
            "high": points.high,
            "grid": pack_levels(picture.reshape(GRID, GRID)),
            "units": [pack_levels(layer, bits=8) for layer in units],
            # Each by its own largest absolute value: x₁² would leave nothing of sin x₁ to see.
            "features": pack_levels(features / np.where(scale > 0, scale, 1), bits=8),
            "weights": [{"kernel": pack(kernel), "bias": pack(bias)} for kernel, bias in kernels],
            "line": None,
        }
        if len(kernels) == 1 and self._settings.features == ["x1", "x2"]:
            found["line"] = [float(part) for array in kernels[0] for part in array.ravel()]
        if first:
            found["points"] = {
                "train": np.hstack([points.x, points.y]).tolist(),
                "test": np.hstack([points.x_test, points.y_test]).tolist(),
            }
        return found

    def _loss(self, outputs: np.ndarray, y: np.ndarray) -> float | None:
        """Return the mean loss, without regularization; None for no points."""
        if not len(y):
            return None
        outputs, y = outputs.astype(np.float64), y.astype(np.float64)
        if self._settings.loss == "cross_entropy" and self._settings.model == "network":
            outputs = np.clip(outputs, _SMALLEST, 1 - _SMALLEST)
            return float(-np.mean(y * np.log(outputs) + (1 - y) * np.log(1 - outputs)))
        return float(np.mean((outputs - y) ** 2) / 2)

    def _kernels(
        self, state: dict[str, np.ndarray], model: keras.Model
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return views of the weights of a state: kernel and bias of each layer."""
        found, start = {}, 0
        for variable in model.weights:
            stop = start + math.prod(variable.shape)
            found[variable.path] = state["weights"][start:stop].reshape(variable.shape)
            start = stop
        return [(found[layer.kernel.path], found[layer.bias.path]) for layer in dense_layers(model)]

    def set_weight(
        self, state: dict[str, np.ndarray], layer: int, row: int, column: int, value: float
    ) -> dict[str, np.ndarray]:
        """Return the state with another value of one weight; row −1 is the bias.

        Raises:
            ZooError: if the network has no such weight.
        """
        state = {**state, "weights": state["weights"].copy()}
        kernels = self._kernels(state, self._graph().model)
        if not 0 <= layer < len(kernels):
            raise ZooError(f"There is no layer {layer}; give one from 0 to {len(kernels) - 1}.")
        kernel, bias = kernels[layer]
        rows, columns = kernel.shape
        if not (-1 <= row < rows and 0 <= column < columns):
            raise ZooError(
                f"Layer {layer} has no weight in row {row}, column {column}; give a row from 0 to "
                f"{rows - 1}, or -1 for the bias, and a column from 0 to {columns - 1}."
            )
        if row == -1:
            bias[column] = value
        else:
            kernel[row, column] = value
        return state

    def python(self, updates: int, edits: list[dict[str, Any]]) -> str:
        """Return a Python program that makes the same updates and arrives at the same weights."""
        return program_text(self._settings, self._points, updates, edits)

    def model(self, state: dict[str, np.ndarray]) -> keras.Model:
        """Return a new Keras model with the weights of a state, compiled as it is trained."""
        model = plane_graph.plane_model(self._settings)
        arrays, start = [], 0
        for variable in model.weights:
            stop = start + math.prod(variable.shape)
            arrays.append(state["weights"][start:stop].reshape(variable.shape))
            start = stop
        model.set_weights(arrays)
        return model


def _square(points: PlanePoints, size: int) -> np.ndarray:
    """Return size × size points of the plane, row by row from the lowest x₂ up."""
    axis = np.linspace(points.low, points.high, size, dtype=np.float32)
    return np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)


def _pictures(values: np.ndarray) -> np.ndarray:
    """Return (places, units) as one picture per unit."""
    return values.T.reshape(-1, UNIT_GRID, UNIT_GRID)

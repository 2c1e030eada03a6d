"""A process that trains one small Keras model, told what to do by lines of JSON.

    {"do": "start", "data": "xor", "model": "network", "depth": 1, "width": 4, …}
    {"do": "step", "updates": 20}

Every line is answered by one: what is to be drawn, or {"error": sentence}.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from zoo.errors import ZooError
from zoo.quiet import import_tensorflow

DATA = ("and", "or", "xor", "blobs", "spirals")
KINDS = ("perceptron", "network")
GRID = 41
MAX_DEPTH, MAX_WIDTH, MAX_UPDATES = 4, 32, 500
_BATCH = 32


class Playground:
    """One model, its points and its progress.

    Args:
        data: one of `DATA`.
        model: "perceptron", which learns from one example at a time, or "network".
        activation: of the network's hidden layers, one of the lecture's ten.
        depth: hidden layers, 0 to `MAX_DEPTH`.
        width: units in each, 1 to `MAX_WIDTH`.
        learning_rate: above 0, up to 10.
        seed: of the weights and of the order of the examples.

    Raises:
        ZooError: for what is out of range.
    """

    def __init__(self, data, model, activation, depth, width, learning_rate, seed):
        import keras
        import numpy as np

        from zoo.activations import NAMES
        from zoo.choices import require_choice
        from zoo.models import build

        require_choice("data", data, DATA)
        require_choice("model", model, KINDS)
        require_choice("activation", activation, NAMES)
        _require_range("depth", depth, 0, MAX_DEPTH, int)
        _require_range("width", width, 1, MAX_WIDTH, int)
        _require_range("learning rate", learning_rate, 1e-6, 10, (int, float))
        _require_range("seed", seed, 0, 2**31 - 1, int)
        keras.utils.set_random_seed(seed)
        self._random = np.random.default_rng(seed)
        self._x, self._y = points(data)
        self._perceptron = model == "perceptron"
        self._model = (
            build("perceptron", learning_rate=learning_rate)
            if self._perceptron
            else _network(activation, depth, width, learning_rate)
        )
        margin = 0.25 * float(np.abs(self._x).max())
        self._low = min(float(self._x.min()), 0.0) - margin
        self._high = float(self._x.max()) + margin
        axis = np.linspace(self._low, self._high, GRID, dtype=np.float32)
        self._grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
        self._queue: list[int] = []
        self._updates = 0

    def step(self, updates: int) -> None:
        """Make some updates: of one example each for the perceptron, of a batch for a network.

        Raises:
            ZooError: unless there are 1 to `MAX_UPDATES`.
        """
        _require_range("updates", updates, 1, MAX_UPDATES, int)
        size = 1 if self._perceptron else min(_BATCH, len(self._x))
        for _ in range(updates):
            if len(self._queue) < size:
                self._queue = self._random.permutation(len(self._x)).tolist()
            rows, self._queue = self._queue[:size], self._queue[size:]
            self._model.train_on_batch(self._x[rows], self._y[rows])
        self._updates += updates

    def drawing(self) -> dict[str, Any]:
        """Return what a page draws: points, answers on a grid, loss and errors."""
        import numpy as np

        answers = self._model(self._x).numpy().ravel()
        grid = self._model(self._grid).numpy().ravel()
        found = {
            "updates": self._updates,
            "loss": float(np.mean((answers - self._y) ** 2) / 2),
            "errors": int(((answers >= 0.5) != (self._y >= 0.5)).sum()),
            "points": np.column_stack([self._x, self._y]).round(4).tolist(),
            "low": self._low,
            "high": self._high,
            "size": GRID,
            "grid": [float(f"{value:.3g}") for value in np.nan_to_num(grid).tolist()],
        }
        if self._perceptron:
            weights, bias = self._model.get_weights()
            found["line"] = [*weights.ravel().tolist(), float(bias[0])]
        return found


def points(name: str):
    """Return the points of a data set, float32 (n, 2), and their labels, float32 (n,), 0 or 1."""
    import numpy as np

    if name == "spirals":
        random = np.random.default_rng(0)
        turn = np.linspace(0.25, 1.75, 100) * np.pi * 2 / 1.5
        arms = [
            np.column_stack([np.cos(turn + arm * np.pi), np.sin(turn + arm * np.pi)])
            * (turn / turn.max())[:, None]
            for arm in (0, 1)
        ]
        x = np.vstack(arms) + 0.02 * random.standard_normal((200, 2))
        return x.astype(np.float32), np.repeat([0.0, 1.0], 100).astype(np.float32)
    from zoo import data

    split = data.load(name).train
    return np.asarray(split.x[:200], np.float32), np.asarray(split.y[:200], np.float32)


def _network(activation, depth, width, learning_rate):
    import keras

    from zoo.activations import activation_layer
    from zoo.losses import HalfSquaredError
    from zoo.models.assemble import vector_model
    from zoo.recipe import Recipe

    layers = []
    for _ in range(depth):
        layers.append(keras.layers.Dense(width, kernel_initializer="glorot_normal"))
        layers.append(activation_layer(activation))
    layers.append(keras.layers.Dense(1, activation="sigmoid"))
    recipe = Recipe(1, _BATCH, learning_rate, optimizer="adam")
    return vector_model("playground", 2, layers, recipe=recipe, loss=HalfSquaredError())


def _require_range(name, value, low, high, kind) -> None:
    if isinstance(value, bool) or not isinstance(value, kind) or not low <= value <= high:
        raise ZooError(f"The {name} is {value!r}; give a number from {low:g} to {high:g}.")


def answer(playground: Playground | None, order: Any) -> tuple[Playground | None, dict]:
    """Carry out one order; return the playground there is then, and what is to be drawn."""
    if not isinstance(order, dict) or order.get("do") not in ("start", "step"):
        raise ZooError("An order is to start or to step.")
    if order["do"] == "start":
        names = ("data", "model", "activation", "depth", "width", "learning_rate", "seed")
        playground = Playground(*(order.get(name) for name in names))
    elif playground is None:
        raise ZooError("There is nothing to step; start first.")
    else:
        playground.step(order.get("updates"))
    return playground, playground.drawing()


def main() -> None:
    """Answer line by line until standard input ends."""
    # Whatever libraries print goes to standard error; the answers have the old output alone.
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    os.nice(10)
    import_tensorflow()
    import tensorflow as tf

    # Asking must stay fast while somebody trains.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    playground = None
    for line in sys.stdin:
        try:
            playground, reply = answer(playground, json.loads(line))
        except ZooError as error:
            reply = {"error": str(error)}
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


if __name__ == "__main__":
    main()

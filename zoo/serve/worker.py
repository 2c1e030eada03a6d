"""A process that trains one small Keras model, told what to do by lines of JSON.

    {"do": "start", "data": "xor", "model": "network", "depth": 1, "width": 4, …}
    {"do": "step", "updates": 20}

Every line is answered by one: what is to be drawn, or {"error": sentence}.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import traceback
from typing import TYPE_CHECKING, Any

from zoo.errors import ZooError
from zoo.serve.messages import Settings, read_message, read_settings, read_updates
from zoo.utils.quiet import import_tensorflow

if TYPE_CHECKING:
    import keras
    import numpy as np

GRID = 41
_BATCH = 32


class Playground:
    """One model, its points and its progress.

    Args:
        settings: what to train, and how.
    """

    def __init__(self, settings: Settings):
        import keras
        import numpy as np

        keras.utils.set_random_seed(settings.seed)
        self._settings = settings
        self._random = np.random.default_rng(settings.seed)
        self._x, self._y = points(settings.data)
        self._is_perceptron = settings.model == "perceptron"
        self._model = (
            _perceptron(settings.learning_rate, self._random)
            if self._is_perceptron
            else _network(settings)
        )
        margin = 0.25 * float(np.abs(self._x).max())
        self._low = min(float(self._x.min()), 0.0) - margin
        self._high = float(self._x.max()) + margin
        axis = np.linspace(self._low, self._high, GRID, dtype=np.float32)
        self._grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
        self._queue: list[int] = []
        self._updates = 0

    def step(self, updates: int) -> None:
        """Make some updates: of one example each for the perceptron, of a batch for a network."""
        size = 1 if self._is_perceptron else min(_BATCH, len(self._x))
        for _ in range(updates):
            if len(self._queue) < size:
                self._queue = self._random.permutation(len(self._x)).tolist()
            rows, self._queue = self._queue[:size], self._queue[size:]
            self._model.train_on_batch(self._x[rows], self._y[rows])
        self._updates += updates

    def drawing(self) -> dict[str, Any]:
        """Return what a page draws: settings, points, answers on a grid, loss and errors.

        Raises:
            ZooError: if the training has diverged.
        """
        import numpy as np

        answers = self._model(self._x).numpy().ravel()
        grid = self._model(self._grid).numpy().ravel()
        loss = float(np.mean((answers.astype(np.float64) - self._y) ** 2) / 2)
        if not (np.isfinite(loss) and np.isfinite(grid).all()):
            raise ZooError(
                f"The training has diverged after {self._updates} updates: its loss is not a "
                "finite number; choose a smaller learning rate."
            )
        found = {
            "settings": dataclasses.asdict(self._settings),
            "updates": self._updates,
            "loss": loss,
            "errors": int(((answers >= 0.5) != (self._y >= 0.5)).sum()),
            "points": np.column_stack([self._x, self._y]).round(4).tolist(),
            "low": self._low,
            "high": self._high,
            "size": GRID,
            "grid": [float(f"{value:.5g}") for value in grid.tolist()],
        }
        if self._is_perceptron:
            weights, bias = self._model.get_weights()
            found["line"] = [*weights.ravel().tolist(), float(bias[0])]
        return found


def points(name: str) -> tuple[np.ndarray, np.ndarray]:
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


def _perceptron(learning_rate, random):
    from zoo.models import build

    model = build("perceptron", learning_rate=learning_rate)
    # From zero, w and b are whole multiples of the learning rate, and so is Wx + b at the corners
    # of the unit square: it is often exactly 0, the line runs through a point.
    model.set_weights(
        [learning_rate * random.uniform(-1, 1, part.shape) for part in model.get_weights()]
    )
    return model


def _network(settings: Settings) -> keras.Model:
    import keras

    from zoo.models.assemble import vector_model
    from zoo.nn.activations import activation_layer
    from zoo.nn.losses import HalfSquaredError
    from zoo.registry.recipes import Recipe

    layers = []
    for _ in range(settings.depth):
        layers.append(keras.layers.Dense(settings.width, kernel_initializer="glorot_normal"))
        layers.append(activation_layer(settings.activation))
    layers.append(keras.layers.Dense(1, activation="sigmoid"))
    recipe = Recipe(1, _BATCH, settings.learning_rate, optimizer="adam")
    return vector_model("playground", 2, layers, recipe=recipe, loss=HalfSquaredError())


def answer(playground: Playground | None, line: bytes | str) -> tuple[Playground, dict[str, Any]]:
    """Carry out one message; return the playground there is then, and what is to be drawn.

    Raises:
        ZooError: for a message that is none, or a training that has diverged.
    """
    message = read_message(line)
    if message.get("do") == "start":
        playground = Playground(read_settings(message))
    elif message.get("do") != "step":
        raise ZooError("A message is to start or to step.")
    elif playground is None:
        raise ZooError("There is no training to step; start one.")
    else:
        playground.step(read_updates(message))
    return playground, playground.drawing()


def main() -> None:
    """Answer line by line until standard input ends."""
    # Whatever libraries print goes to standard error; the answers have the old output alone.
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    import_tensorflow()
    import tensorflow as tf

    # Asking must stay fast while somebody trains; Windows has no `nice`.
    if hasattr(os, "nice"):
        os.nice(10)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    playground: Playground | None = None
    for line in sys.stdin.buffer:
        try:
            playground, reply = answer(playground, line)
        except ZooError as error:
            reply = {"error": str(error)}
        except Exception as error:
            # The next message finds a process that still answers.
            traceback.print_exc()
            reply = {"error": f"The training broke off ({type(error).__name__}); start it again."}
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


if __name__ == "__main__":
    main()

"""A process that trains one small Keras model, controlled by lines of JSON on standard input.

    {"do": "start", "data": "xor", "model": "network", "depth": 1, "width": 4, …}
    {"do": "step", "updates": 20}

Every line is answered by one line: the state of the training, or {"error": message}.
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
    """One training: a model, its data and its progress.

    Args:
        settings: of the training.
    """

    def __init__(self, settings: Settings):
        import keras
        import numpy as np

        keras.utils.set_random_seed(settings.seed)
        self._settings = settings
        self._generator = np.random.default_rng(settings.seed)
        self._x, self._y = points(settings.data)
        self._is_perceptron = settings.model == "perceptron"
        self._model = (
            _perceptron(settings.learning_rate, self._generator)
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
        """Make updates: with one example each for the perceptron, with a batch for a network."""
        size = 1 if self._is_perceptron else min(_BATCH, len(self._x))
        for _ in range(updates):
            if len(self._queue) < size:
                self._queue = self._generator.permutation(len(self._x)).tolist()
            rows, self._queue = self._queue[:size], self._queue[size:]
            self._model.train_on_batch(self._x[rows], self._y[rows])
        self._updates += updates

    def state(self) -> dict[str, Any]:
        """Return what the page draws: settings, points, outputs on a grid, loss and errors.

        Raises:
            ZooError: if the training has diverged.
        """
        import numpy as np

        outputs = self._model(self._x).numpy().ravel()
        grid = self._model(self._grid).numpy().ravel()
        loss = float(np.mean((outputs.astype(np.float64) - self._y) ** 2) / 2)
        if not (np.isfinite(loss) and np.isfinite(grid).all()):
            raise ZooError(
                f"The training diverged after {self._updates} updates: the loss is not finite; "
                "choose a smaller learning rate."
            )
        found = {
            "settings": dataclasses.asdict(self._settings),
            "updates": self._updates,
            "loss": loss,
            "errors": int(((outputs >= 0.5) != (self._y >= 0.5)).sum()),
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
        generator = np.random.default_rng(0)
        turn = np.linspace(0.25, 1.75, 100) * np.pi * 2 / 1.5
        arms = [
            np.column_stack([np.cos(turn + arm * np.pi), np.sin(turn + arm * np.pi)])
            * (turn / turn.max())[:, None]
            for arm in (0, 1)
        ]
        x = np.vstack(arms) + 0.02 * generator.standard_normal((200, 2))
        return x.astype(np.float32), np.repeat([0.0, 1.0], 100).astype(np.float32)
    from zoo import data

    split = data.load(name).train
    return np.asarray(split.x[:200], np.float32), np.asarray(split.y[:200], np.float32)


def _perceptron(learning_rate, generator):
    from zoo.models import build

    model = build("perceptron", learning_rate=learning_rate)
    # Starting from zero, w, b and so Wx + b at the corners of the unit square are integer multiples
    # of the learning rate: Wx + b is often exactly 0, and the line runs through a point.
    model.set_weights(
        [learning_rate * generator.uniform(-1, 1, part.shape) for part in model.get_weights()]
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


def handle(playground: Playground | None, line: bytes | str) -> tuple[Playground, dict[str, Any]]:
    """Carry out one message and return the current playground and its state.

    Raises:
        ZooError: for an invalid message, or a training that has diverged.
    """
    message = read_message(line)
    if message.get("do") == "start":
        playground = Playground(read_settings(message))
    elif message.get("do") != "step":
        raise ZooError('The field "do" of a message must be "start" or "step".')
    elif playground is None:
        raise ZooError('There is no training; send a message with "do": "start" first.')
    else:
        playground.step(read_updates(message))
    return playground, playground.state()


def main() -> None:
    """Answer messages, one per line, until standard input ends."""
    # Libraries may print to standard output: that goes to standard error, replies to the original.
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    import_tensorflow()
    import tensorflow as tf

    # Predictions must stay fast during training; Windows has no `nice`.
    if hasattr(os, "nice"):
        os.nice(10)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    playground: Playground | None = None
    for line in sys.stdin.buffer:
        try:
            playground, reply = handle(playground, line)
        except ZooError as error:
            reply = {"error": str(error)}
        except Exception as error:
            # The process keeps running, so that the next message is answered.
            traceback.print_exc()
            reply = {"error": f"The training failed ({type(error).__name__}); start it again."}
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


if __name__ == "__main__":
    main()

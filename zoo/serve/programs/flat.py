"""Updates of a compiled Keras model as one graph, on one vector of all that training changes.

A call of `train_on_batch` takes about 10 ms however small the model is, and assigning variables one
by one from Python takes as long: here, a graph takes all numbers of a training as one vector, makes
many updates, and returns the vector. However many updates are made at a time, the numbers are the
same to the bit; those of `train_on_batch` without XLA are, too, unless the loss has derivatives of
the network in it, which are rounded otherwise.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from zoo.errors import ZooError
from zoo.registry.recipes import Recipe
from zoo.training.loop import epoch_order


class FlatTraining:
    """The weights of a model and the state of its optimizer as one vector, and its updates.

    The vector holds the model's variables and then the optimizer's, among them the learning rate
    and the number of updates, which float32 counts exactly up to 2²⁴. A vector of any other model
    of the same shape, with the same kind of optimizer, can be trained too.

    Args:
        model: a compiled model whose variables are all float32; its own numbers are overwritten.
    """

    def __init__(self, model: keras.Model):
        model.optimizer.build(model.trainable_variables)
        self.model = model
        self._variables = [*model.variables, *model.optimizer.variables]
        self._sizes = [int(np.prod(variable.shape)) for variable in self._variables]
        # Any number of examples and of updates: one graph.
        numbers = [tf.TensorSpec((None, *shape[1:])) for shape in _shapes(model)]
        whole = tf.TensorSpec((None,), tf.int32)
        signature = [tf.TensorSpec((sum(self._sizes),)), *numbers, whole, whole]
        self._train = tf.function(self._updates, input_signature=signature)

    def assign(self, flat: tf.Tensor) -> None:
        """Put a vector into the model and its optimizer; for use in other graphs, too."""
        parts = tf.split(flat, self._sizes)
        for variable, part in zip(self._variables, parts, strict=True):
            variable.assign(tf.cast(tf.reshape(part, variable.shape), variable.dtype))

    def weights(self, flat: np.ndarray) -> list[np.ndarray]:
        """Return the model's variables that a vector holds, in the order of `model.variables`."""
        parts = np.split(flat, np.cumsum(self._sizes)[:-1])
        return [
            part.reshape(variable.shape)
            for part, variable in zip(parts, self.model.variables, strict=False)
        ]

    def train(
        self, flat: np.ndarray, x: np.ndarray, y: np.ndarray, rows: list[np.ndarray]
    ) -> np.ndarray:
        """Return the vector after one update per batch.

        Args:
            flat: the vector before, float32.
            x: all training inputs, float32 (examples, inputs).
            y: their targets, float32 (examples, outputs).
            rows: the examples of each batch, one after another.
        """
        ends = np.cumsum([len(batch) for batch in rows], dtype=np.int32)
        order = np.concatenate(rows)
        return self._train(
            tf.constant(flat), tf.constant(x), tf.constant(y), tf.constant(order), tf.constant(ends)
        ).numpy()

    def _updates(self, flat, x, y, order, ends):
        self.assign(flat)
        start = tf.constant(0)
        for end in ends:
            rows = order[start:end]
            self._update(tf.gather(x, rows), tf.gather(y, rows))
            start = end
        return flat_of(self.model)

    def _update(self, x, y):
        model = self.model
        with tf.GradientTape() as tape:
            outputs = model(x, training=True)
            loss = model.compute_loss(x=x, y=y, y_pred=outputs, training=True)
        gradients = tape.gradient(loss, [weight.value for weight in model.trainable_variables])
        model.optimizer.apply(gradients, model.trainable_variables)


def _shapes(model: keras.Model) -> list[tuple[int | None, ...]]:
    return [model.input_shape, model.output_shape]


def flat_of(model: keras.Model) -> tf.Tensor:
    """Return the vector of a compiled model, float32 (n,): see `FlatTraining`."""
    model.optimizer.build(model.trainable_variables)
    variables = [*model.variables, *model.optimizer.variables]
    return tf.concat(
        [tf.reshape(tf.cast(variable.value, tf.float32), (-1,)) for variable in variables], 0
    )


def batches(seed: int, examples: int, batch_size: int, first: int, count: int) -> list[np.ndarray]:
    """Return the examples of `count` consecutive updates, from update `first` (counted from 0).

    The order of the examples in epoch e is a permutation drawn from (seed, e); the updates of an
    epoch are its consecutive slices, of which the last may be shorter than the others.

    >>> [sorted(rows.tolist()) for rows in batches(0, 3, 3, 0, 2)]
    [[0, 1, 2], [0, 1, 2]]
    >>> [len(rows) for rows in batches(0, 5, 2, 1, 4)]
    [2, 1, 2, 2]
    """
    per_epoch = -(-examples // batch_size)
    found = []
    epoch, order = -1, np.arange(0)
    for update in range(first, first + count):
        if update // per_epoch != epoch:
            epoch = update // per_epoch
            order = epoch_order(seed, epoch, examples)
        begin = update % per_epoch * batch_size
        found.append(order[begin : begin + batch_size])
    return found


_AT_ONCE = 10


def train_until(
    training: FlatTraining,
    flat: np.ndarray,
    examples: tuple[np.ndarray, np.ndarray],
    order: Callable[[int, int], list[np.ndarray]],
    updates: int,
    deadline: float,
) -> tuple[np.ndarray, int]:
    """Return the vector after some updates, and their number, at least min(updates, 10).

    Args:
        training: of the model.
        flat: the vector before.
        examples: x and y of all of them.
        order: returns the batches of `count` updates from update `first` on, the next being 0.
        updates: how many to make, at least 1.
        deadline: by `time.perf_counter`; after it no further updates are begun.
    """
    # A call takes as long as several updates, so that fewer at once would be wasteful.
    made, size = 0, min(updates, _AT_ONCE)
    while made < updates:
        began = time.perf_counter()
        flat = training.train(flat, *examples, order(made, size))
        made += size
        now = time.perf_counter()
        if now >= deadline:
            break
        fitting = min(4 * size, size * (deadline - now) / (now - began))
        size = max(1, min(updates - made, int(fitting)))
    return flat, made


def build_optimizer(name: str, learning_rate: float) -> keras.Optimizer:
    """Return a new optimizer: "momentum" is SGD with momentum 0.9, others are named as in recipes.

    >>> build_optimizer("momentum", 0.1).momentum
    0.9
    """
    if name == "momentum":
        return Recipe(1, 1, learning_rate, optimizer="sgd", momentum=0.9).build_optimizer()
    return Recipe(1, 1, learning_rate, optimizer=name).build_optimizer()


def require_finite(updates: int, *numbers: np.ndarray) -> None:
    """Check that a training has not diverged.

    Args:
        updates: number of updates made.
        *numbers: what must be finite.

    Raises:
        ZooError: if one of them is not.
    """
    if not all(np.isfinite(one).all() for one in numbers):
        raise ZooError(
            f"The training diverged after {updates:,} updates: the loss is not finite; choose a "
            "smaller learning rate."
        )

"""Early stopping: the weights of the epoch that is best on validation data, and when to stop.

As Keras's `EarlyStopping(restore_best_weights=True)`, but the weights are part of each checkpoint,
and of epochs with the same metric, the one with the smaller loss is better.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TypeVar

import keras
import numpy as np

from zoo.errors import ZooError
from zoo.training import checkpoints
from zoo.training.solvers.averages import assign_averages

_PREFIX = "best/"
_Item = TypeVar("_Item")


class BestWeights:
    """The weights of the best epoch so far.

    Args:
        model: the model that is trained, built under the strategy's scope.
        averaging: whether its optimizer averages the weights; the averages are then measured and
            kept.
    """

    def __init__(self, model: keras.Model, averaging: bool):
        self._model = model
        self._averaging = averaging
        self._arrays: list[np.ndarray] = []

    @contextlib.contextmanager
    def measured(self) -> Iterator[None]:
        """Put the averages of the weights, if there are any, in their place during the block."""
        if not self._averaging:
            yield
            return
        weights = self._model.trainable_variables
        own = [keras.ops.convert_to_numpy(weight) for weight in weights]
        assign_averages(self._model)
        yield
        for weight, value in zip(weights, own, strict=True):
            weight.assign(value)

    def keep(self) -> None:
        """Keep the model's present weights; all workers must call this at the same point."""
        self._arrays = [keras.ops.convert_to_numpy(weight) for weight in self._model.variables]

    def assign(self) -> None:
        """Put the kept weights into the model."""
        for weight, array in zip(self._model.variables, self._arrays, strict=True):
            weight.assign(array)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the kept weights for a checkpoint."""
        return {f"{_PREFIX}{index}": array for index, array in enumerate(self._arrays)}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take the weights from a checkpoint's arrays; none before the first epoch's end.

        Raises:
            ZooError: if they are those of another model.
        """
        shapes = [tuple(weight.shape) for weight in self._model.variables]
        found = [arrays[name] for name in self.names(arrays)]
        if found and [array.shape for array in found] != shapes:
            raise ZooError(checkpoints.UNRELATED)
        self._arrays = found

    @staticmethod
    def names(arrays: Mapping[str, _Item]) -> list[str]:
        """Return the names of the kept weights among a checkpoint's arrays, in order."""
        names = [name for name in arrays if name.startswith(_PREFIX)]
        return sorted(names, key=lambda name: int(name.removeprefix(_PREFIX)))

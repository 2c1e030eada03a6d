"""What every kind of training of the playground offers to the workers."""

from __future__ import annotations

import gc
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    import keras
    import numpy as np

Found = TypeVar("Found")


class Program(Protocol):
    """A training as functions of its state; the program itself does not change.

    The state has all that is needed to go on to the same bits: small arrays, float32 or int64, of
    which "updates", int64 (), counts the updates made. Everything is a function of the settings,
    the update and the edits. It does not matter how many updates are made at a time, or in which
    process.

    Args:
        settings: of the training, one of `zoo.serve.settings`.
        graphs: where compiled graphs are fetched from at every call, by their shapes, so that
            programs of the same shape share one.
    """

    def __init__(self, settings: Any, graphs: RecentlyUsed): ...

    def start(self) -> dict[str, np.ndarray]:
        """Return the state after 0 updates."""

    def advance(
        self, state: dict[str, np.ndarray], updates: int, deadline: float
    ) -> dict[str, np.ndarray]:
        """Return the state after further updates.

        Args:
            state: is not changed.
            updates: how many, at least 1.
            deadline: by `time.perf_counter`; after it no further updates are begun, but at least
                one is made.
        """

    def frame(self, state: dict[str, np.ndarray], first: bool) -> dict[str, Any]:
        """Return what the page draws of a state, as JSON values.

        Args:
            state: of the training.
            first: also what does not change during the training.

        Raises:
            ZooError: if the training has diverged.
        """


class PlaneProgram(Program, Protocol):
    """A program for points of the plane, whose weights can be set and which can be exported."""

    def set_weight(
        self, state: dict[str, np.ndarray], layer: int, row: int, column: int, value: float
    ) -> dict[str, np.ndarray]:
        """Return the state with another value of one weight; row −1 is the bias.

        Raises:
            ZooError: if the network has no such weight.
        """

    def python(self, updates: int, edits: list[dict[str, Any]]) -> str:
        """Return a Python program that makes the same updates and arrives at the same weights.

        Args:
            updates: of the training.
            edits: weights set by hand, in order: "update", "layer", "row", "column", "value".
        """

    def model(self, state: dict[str, np.ndarray]) -> keras.Model:
        """Return the Keras model with the weights of a state."""


class RecentlyUsed:
    """The most recently used objects; others are dropped and their memory is freed.

    Args:
        size: the largest number of objects.

    >>> kept = RecentlyUsed(1)
    >>> kept.get("a", list) is kept.get("a", list)
    True
    """

    def __init__(self, size: int):
        self._size = size
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Hashable, build: Callable[[], Found]) -> Found:
        """Return the object of a key, building it if there is none."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        found = build()
        self._kept[key] = found
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)
            # Models and graphs refer to themselves.
            gc.collect()
        return found

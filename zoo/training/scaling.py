"""Set the statistics by which a model scales numbers, from the training examples."""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np

from zoo.data import Dataset
from zoo.nn.scaling import input_scaling, output_scaling

_ROWS = 2**16


def set_statistics(model: keras.Model, dataset: Dataset) -> None:
    """Set the mean and variance of the model's layers that scale inputs and outputs, if any.

    The result depends on the training split only, and is the same on every worker.
    """
    train = dataset.train
    for layer, numbers in ((input_scaling(model), train.x), (output_scaling(model), train.y)):
        if layer is not None:
            layer.set_statistics(*statistics(np.asarray(numbers).reshape(len(train), -1)))


def statistics(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and variance of each column, float32, computed in float64.

    The variance of a column that is constant is 1, so that it is scaled to 0.

    >>> statistics(np.array([[1.0, 7.0], [3.0, 7.0]]))
    (array([2., 7.], dtype=float32), array([1., 1.], dtype=float32))
    """
    mean = sum(part.sum(axis=0) for part in _parts(rows)) / len(rows)
    variance = sum(((part - mean) ** 2).sum(axis=0) for part in _parts(rows)) / len(rows)
    constant = rows.max(axis=0) == rows.min(axis=0)
    # Rounding errors of the mean are not a variance.
    return mean.astype(np.float32), np.where(constant, 1, variance).astype(np.float32)


def _parts(rows: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the rows in float64, a part at a time, which need not fit in memory together."""
    for at in range(0, len(rows), _ROWS):
        yield rows[at : at + _ROWS].astype(np.float64)

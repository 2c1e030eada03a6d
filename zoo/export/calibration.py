"""The training examples that an int8 file's ranges are measured on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from zoo.data.dataset import Dataset
from zoo.errors import ZooError

SAMPLES = 256
_SEED = 0


def calibration_examples(dataset: Dataset) -> Iterator[np.ndarray]:
    """Yield 256 training examples drawn by a seed, each with a batch dimension of 1.

    Without replacement, unless the training set is smaller than that.

    Raises:
        ZooError: if there are no training examples.
    """
    count = len(dataset.train)
    if not count:
        raise ZooError(
            f"int8 needs training examples to calibrate on, and {dataset.name} has none."
        )
    random = np.random.default_rng(_SEED)
    for index in random.choice(count, SAMPLES, replace=count < SAMPLES):
        yield np.asarray(dataset.train.x[int(index)])[None]

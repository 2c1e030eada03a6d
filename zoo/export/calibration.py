"""The training examples used to calibrate int8 files."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from zoo.data.dataset import Dataset
from zoo.errors import ZooError

SAMPLES = 256
_SEED = 0


def calibration_examples(dataset: Dataset) -> Iterator[np.ndarray]:
    """Yield 256 randomly sampled training examples, each with a batch dimension of 1.

    The seed is fixed. They are sampled without replacement unless there are fewer than 256.

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

"""Drawn and real examples as one data set."""

import numpy as np

from zoo import data
from zoo.data import Dataset


def together(drawn: Dataset, real: Dataset, repeats: int, name: str) -> Dataset:
    """Return drawn and real training examples, with the real validation and test examples.

    Args:
        drawn: images of one size.
        real: images of the same size, with the same labels or values.
        repeats: how often each real training example is among them.
        name: of the data set.
    """
    parts = [drawn.train, *[real.train] * repeats]
    return data.from_arrays(
        np.concatenate([np.asarray(part.x) for part in parts]),
        np.concatenate([part.y for part in parts]),
        validation=(np.asarray(real.validation.x), real.validation.y),
        test=(np.asarray(real.test.x), real.test.y),
        labels=real.labels or None,
        values=real.values or None,
        name=name,
    )

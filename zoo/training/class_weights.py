"""Weights of training examples by the frequency of their class."""

from __future__ import annotations

import numpy as np

from zoo.data import Dataset


def example_weights(dataset: Dataset, class_weight: str) -> np.ndarray | None:
    """Return the weight of each training example's loss, float32 (examples,).

    Args:
        dataset: the data set, with labels.
        class_weight: "balanced", or "none" for None.
    """
    if class_weight == "none":
        return None
    y = dataset.train.y
    return balanced(y, len(dataset.labels))[y]


def balanced(y: np.ndarray, classes: int) -> np.ndarray:
    """Return n / (k · count) for each class, float32 (classes,), as scikit-learn does.

    Args:
        y: class indices, (n,).
        classes: k; a class without an example has weight 0.

    >>> balanced(np.array([0, 0, 0, 1]), 2)
    array([0.6666667, 2.       ], dtype=float32)
    """
    counts = np.bincount(y, minlength=classes)
    weights = len(y) / (classes * np.maximum(counts, 1))
    return np.where(counts, weights, 0).astype(np.float32)

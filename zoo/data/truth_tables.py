"""The truth tables of AND, OR, NAND and XOR."""

import numpy as np

from zoo.data.dataset import SPLITS, Dataset, Split, computed_dataset

# Outputs for the inputs 00, 01, 10, 11.
OUTPUTS = {
    "and": (0, 0, 0, 1),
    "or": (0, 1, 1, 1),
    "nand": (1, 1, 1, 0),
    "xor": (0, 1, 1, 0),
}
INPUTS = ((0, 0), (0, 1), (1, 0), (1, 1))


def truth_table(name: str) -> Dataset:
    """Return a truth table: x float32 (4, 2), y int64 (4,), labels "0" and "1".

    All three splits are the same four rows, which are the whole function: there are no other
    examples to test generalisation on.

    >>> truth_table("nand").train.y
    array([1, 1, 1, 0])
    """
    rows = Split(np.array(INPUTS, np.float32), np.array(OUTPUTS[name], np.int64))
    return computed_dataset(name, "vector", dict.fromkeys(SPLITS, rows), ("0", "1"))

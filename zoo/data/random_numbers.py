"""Random numbers that are the same on every machine and in every version of NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

_Item = TypeVar("_Item")


class RandomNumbers:
    """A stream of random numbers that is a function of its key.

    It uses the raw bits of a bit generator, which no version of NumPy changes, unlike the
    distributions of its generators.

    Args:
        *key: whole numbers from 0 up, for instance a seed, a split's number and an index.

    >>> RandomNumbers(3, 1).uniform(2).tolist() == RandomNumbers(3, 1).uniform(2).tolist()
    True
    """

    def __init__(self, *key: int):
        self._bits = np.random.Philox(np.random.SeedSequence(key))

    def uniform(self, count: int) -> np.ndarray:
        """Return numbers in [0, 1), float64 (count,)."""
        return (self._bits.random_raw(count) >> np.uint64(11)) * 2.0**-53

    def octets(self, count: int) -> np.ndarray:
        """Return whole numbers 0…255, uint8 (count,)."""
        raw = self._bits.random_raw(-(-count // 8))
        return raw.astype("<u8").view(np.uint8)[:count]

    def between(self, low: float, high: float) -> float:
        """Return a number in [low, high)."""
        return float(low + (high - low) * self.uniform(1)[0])

    def chance(self, probability: float) -> bool:
        """Return true with this probability."""
        return bool(self.uniform(1)[0] < probability)

    def below(self, count: int) -> int:
        """Return a whole number from 0 to count − 1."""
        return int(count * self.uniform(1)[0])

    def choice(self, items: Sequence[_Item]) -> _Item:
        """Return one of the items."""
        return items[self.below(len(items))]

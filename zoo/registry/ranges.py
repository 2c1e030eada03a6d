"""Checks of the numbers in recipes and settings, and the names of these in sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from zoo.errors import ZooError


def require_finite(numbers: Mapping[str, Any]) -> None:
    """Check that every number among the values is finite.

    Raises:
        ZooError: for the first number that is not.
    """
    for name, value in numbers.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise ZooError(f"{title(name)} is {value}; give a finite number.")


def title(name: str) -> str:
    """Return a setting's name for the start of a sentence.

    >>> title("weight_decay"), title("epochs")
    ('The weight decay', 'The number of epochs')
    """
    counted = "number of " if name in ("epochs", "components", "iterations") else ""
    return f"The {counted}{name.replace('_', ' ')}"

"""Figures and weights that are not finite numbers: one sentence, and what to try."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from zoo.errors import ZooError

SMALLER_RATE = "try a smaller --learning-rate"


class NonFiniteLossError(ZooError):
    """A loss, a metric or a weight became NaN or infinite; the message names where."""


def require_finite_figures(
    figures: Mapping[str, float], when: str, remedy: str = SMALLER_RATE
) -> None:
    """Raise one sentence unless every figure is a finite number.

    Args:
        figures: what was measured, by name.
        when: for the sentence, such as "after epoch 3".
        remedy: for the sentence too.

    Raises:
        NonFiniteLossError: naming the first that is not.
    """
    for name, value in figures.items():
        if isinstance(value, float) and not np.isfinite(value):
            raise NonFiniteLossError(f"{name} is {value} {when}; {remedy}.")


def require_finite_weights(
    weights: Sequence[np.ndarray], when: str, remedy: str = SMALLER_RATE
) -> None:
    """Raise one sentence unless every weight is a finite number.

    Raises:
        NonFiniteLossError: if one is not.
    """
    # numpy does not know whether a bfloat16 is finite.
    if not all(np.isfinite(np.asarray(weight, np.float32)).all() for weight in weights):
        raise NonFiniteLossError(f"A weight is not finite {when}; {remedy}.")

"""Errors for metrics and weights that are not finite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from zoo.errors import ZooError

SMALLER_RATE = "try a smaller --learning-rate"


class NonFiniteLossError(ZooError):
    """A loss, a metric or a weight became NaN or infinite; the message says when."""


def require_finite_figures(
    figures: Mapping[str, float], when: str, remedy: str = SMALLER_RATE
) -> None:
    """Check that all losses and metrics are finite.

    Args:
        figures: the losses and metrics by name.
        when: for the error message, such as "after epoch 3".
        remedy: what to try, for the error message.

    Raises:
        NonFiniteLossError: for the first that is not.
    """
    for name, value in figures.items():
        if isinstance(value, float) and not np.isfinite(value):
            raise NonFiniteLossError(f"{name} is {value} {when}; {remedy}.")


def require_finite_weights(
    weights: Sequence[np.ndarray], when: str, remedy: str = SMALLER_RATE
) -> None:
    """Check that all weights are finite.

    Raises:
        NonFiniteLossError: if one is not.
    """
    # numpy's isfinite does not support bfloat16.
    if not all(np.isfinite(np.asarray(weight, np.float32)).all() for weight in weights):
        raise NonFiniteLossError(f"A weight is not finite {when}; {remedy}.")

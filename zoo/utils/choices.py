"""Choosing one of a few names, with a sentence that helps when the name is another."""

from __future__ import annotations

import difflib
from collections.abc import Collection

from zoo.errors import ZooError


class UnknownNameError(ZooError, ValueError):
    """A model, an option or a choice that does not exist; the message names the near misses."""


def require_seed(seed: int) -> None:
    """Raise one sentence unless a seed is one that numpy and Keras take.

    Raises:
        ZooError: otherwise.
    """
    if not 0 <= seed < 2**32:
        raise ZooError(f"The seed is {seed}; give a whole number from 0 to {2**32 - 1}.")


def require_choice(what: str, given: str, choices: Collection[str]) -> None:
    """Raise an error that names the near misses unless `given` is one of `choices`.

    Raises:
        UnknownNameError: if it is not.
    """
    if given in choices:
        return
    near = difflib.get_close_matches(str(given), list(choices), n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"choose from {', '.join(choices)}."
    raise UnknownNameError(f"There is no {what} {given!r}; {hint}")

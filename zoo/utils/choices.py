"""Validation of names and seeds, with suggestions for misspelled names."""

from __future__ import annotations

import difflib
from collections.abc import Collection

from zoo.errors import ZooError


class UnknownNameError(ZooError, ValueError):
    """An unknown model, option or choice; the message suggests similar names."""


def require_seed(seed: int) -> None:
    """Raise an error unless a seed is valid for NumPy and Keras.

    Raises:
        ZooError: if it is not.
    """
    if not 0 <= seed < 2**32:
        raise ZooError(f"The seed is {seed}; give a whole number from 0 to {2**32 - 1}.")


def require_choice(what: str, given: str, choices: Collection[str], of: str = "") -> None:
    """Raise an error unless `given` is one of `choices`.

    Args:
        what: the kind of name, for the message.
        given: the name.
        choices: the names that there are.
        of: what has them, for the message.

    Raises:
        UnknownNameError: if it is not; the message suggests similar names.
    """
    if given in choices:
        return
    near = difflib.get_close_matches(str(given), list(choices), n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"choose from {', '.join(choices)}."
    subject = f"{of} has no" if of else "There is no"
    raise UnknownNameError(f"{subject} {what} {given!r}; {hint}")

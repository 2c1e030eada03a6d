"""Choosing one of a few names, with a sentence that helps when the name is another."""

from __future__ import annotations

import difflib

from zoo.errors import ZooError


class UnknownNameError(ZooError, ValueError):
    """A model, an option or a choice that does not exist; the message names the near misses."""


def require_choice(what: str, given: str, choices) -> None:
    """Raise an error that names the near misses unless `given` is one of `choices`.

    Raises:
        UnknownNameError: if it is not.
    """
    if given in choices:
        return
    near = difflib.get_close_matches(str(given), list(choices), n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"choose from {', '.join(choices)}."
    raise UnknownNameError(f"There is no {what} {given!r}; {hint}")

"""A few earlier states of a training, from which it can go back to any update."""

from __future__ import annotations

MAX_STATES = 16


class KeptStates:
    """States of one training, spread over all of its updates.

    When there are too many, every other one is dropped, and from then on they are kept half as
    often.

    Args:
        first: the state after 0 updates, which is always kept.
        size: the largest number of states, at least 2.

    >>> kept = KeptStates(b"start", size=4)
    >>> for update in range(1, 100):
    ...     kept.add(update, b"")
    >>> kept.updates
    [0, 32, 64, 96]
    >>> kept.before(70)
    (64, b'')
    """

    def __init__(self, first: bytes, size: int = MAX_STATES):
        self._size = size
        self._spacing = 1
        self._states = {0: first}

    @property
    def updates(self) -> list[int]:
        """After how many updates the states are kept, ascending."""
        return sorted(self._states)

    def add(self, updates: int, state: bytes) -> None:
        """Keep a state, unless one that is kept is near; one of the same update is replaced."""
        if updates in self._states or updates >= max(self._states) + self._spacing:
            self._states[updates] = state
        if len(self._states) > self._size:
            self._states = {at: self._states[at] for at in self.updates[::2]}
            self._spacing *= 2

    def before(self, updates: int) -> tuple[int, bytes]:
        """Return the last kept state of at most this many updates, and its updates."""
        latest = max(at for at in self._states if at <= updates)
        return latest, self._states[latest]

    def drop_after(self, updates: int) -> None:
        """Drop the states of more updates."""
        self._states = {at: state for at, state in self._states.items() if at <= updates}

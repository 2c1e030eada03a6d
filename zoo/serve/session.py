"""One training of a page, without the network that it trains."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from typing import Any

from zoo.serve.kept_states import KeptStates
from zoo.serve.scheduler import Seat
from zoo.serve.settings import CurveSettings, FieldSettings, PlaneSettings
from zoo.serve.worker_process import Reply

AnySettings = PlaneSettings | CurveSettings | FieldSettings

# What trainings that share compiled graphs may differ in.
_NOT_SHAPE = {
    *("data", "task", "points", "noise", "test_share", "initial", "seed", "batch_size"),
    *("function", "values", "learning_rate"),
}


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """A training at one moment.

    Attributes:
        settings: of the training.
        state: as of `zoo.serve.states.state_bytes`.
        updates: number of updates made.
        edits: weights set by hand, in order: "update", "layer", "row", "column", "value".
    """

    settings: AnySettings
    state: bytes
    updates: int
    edits: tuple[dict[str, Any], ...]


class Session:
    """What the web server keeps of one training.

    Args:
        settings: of the training.
        seat: of the scheduler.
        client: whose training it is, if that matters.
    """

    def __init__(self, settings: AnySettings, seat: Seat, client: str | None):
        self.client = client
        self.settings = settings
        self.text = settings.model_dump_json()
        self.seat = seat
        self.lock = asyncio.Lock()
        self.waiting = 0
        self.asked_at = time.monotonic()
        self.is_ended = False
        self.is_replaced = False
        self.updates = 0
        # Updates from 0 to this one can be gone to.
        self.reached = 0
        self.state = b""
        self.edits: list[dict[str, Any]] = []

    @property
    def made_edits(self) -> list[dict[str, Any]]:
        """What was set by hand until the present update; `edits` has the later ones as well."""
        return [edit for edit in self.edits if edit["update"] <= self.updates]

    def snapshot(self) -> Snapshot:
        """Return the training as it is."""
        return Snapshot(self.settings, self.state, self.updates, tuple(self.made_edits))

    def begin(self, state: bytes) -> None:
        """Take the state after 0 updates."""
        self.state = state
        self.kept = KeptStates(state)

    def move(self, reply: Reply) -> None:
        """Take the state of a reply, of an update that was gone to or newly made."""
        self.state, self.updates = reply.state, reply.header["updates"]
        self.reached = max(self.reached, self.updates)
        self.kept.add(self.updates, self.state)

    def drop_later_edits(self) -> None:
        """Forget what was set by hand after the present update, and what was reached then."""
        if len(self.made_edits) < len(self.edits):
            self.edits = self.made_edits
            self.kept.drop_after(self.updates)
            self.reached = self.updates

    def edit(self, reply: Reply, edit: dict[str, Any]) -> None:
        """Take the state of a reply, in which a weight was set by hand."""
        # Of several values at one update, the last counts.
        self.edits = [one for one in self.made_edits if _place(one) != _place(edit)]
        self.edits.append(edit)
        self.kept.drop_after(self.updates)
        self.reached = self.updates
        self.move(reply)

    def nearest(self, to: int) -> tuple[int, bytes]:
        """Return the last state of at most `to` updates that is kept, and its updates."""
        at, state = self.kept.before(to)
        return (self.updates, self.state) if at <= self.updates <= to else (at, state)


def shape_of(settings: AnySettings) -> str:
    """Return a text that is equal for most of the trainings that share compiled graphs."""
    return settings.model_dump_json(exclude=_NOT_SHAPE)


def _place(edit: dict[str, Any]) -> tuple:
    return tuple(edit[name] for name in ("update", "layer", "row", "column"))

"""A process that makes updates of trainings, controlled by messages.

It keeps no training: a message brings the settings and the state, and the reply returns the new
state. A message is a header in JSON and a state (`zoo.serve.pipes`, `zoo.serve.states`):

    {"do": "start", "settings": {…}, "draw": "first"}
    {"do": "advance", "settings": {…}, "updates": 20, "seconds": 0.01, "draw": "frame"}
    {"do": "weight", "settings": {…}, "layer": 0, "row": 1, "column": 0, "value": 0.5, …}
    {"do": "python", "settings": {…}, "updates": 20, "edits": […]}

A reply is a header, the state, and what was drawn, as JSON. The header has the number of "updates"
and that "before", the "seconds" that they took, and the "bytes" of memory of the process; or it is
{"error": sentence}. The first reply, with the number of the "process", says that it is ready.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
import traceback
from typing import IO, Any

from pydantic import TypeAdapter

from zoo.errors import ZooError
from zoo.serve import pipes
from zoo.serve.programs.base import RecentlyUsed
from zoo.serve.programs.choice import program_of
from zoo.serve.settings import CurveSettings, FieldSettings, PlaneSettings, Settings
from zoo.serve.states import read_state, state_bytes
from zoo.utils.processes import lower_priority
from zoo.utils.quiet import import_tensorflow

# A graph takes 10 MB; half of a room has so many.
MAX_GRAPHS = 32
MAX_PROGRAMS = 64
_SETTINGS: TypeAdapter[PlaneSettings | CurveSettings | FieldSettings] = TypeAdapter(Settings)


class Worker:
    """Carries out messages; keeps compiled graphs and data of recent settings, nothing else."""

    def __init__(self):
        self._graphs = RecentlyUsed(MAX_GRAPHS)
        self._programs = RecentlyUsed(MAX_PROGRAMS)

    def answer(self, header: dict[str, Any], state: bytes) -> tuple[dict[str, Any], bytes, bytes]:
        """Return the header of the reply, the new state and what was drawn.

        Raises:
            ZooError: if the training has diverged, or the message does not fit it.
        """
        text = header["settings"]
        program = self._programs.get(text, lambda: self._program(text))
        if header["do"] == "python":
            return {}, b"", program.python(header["updates"], header["edits"]).encode()
        found = program.start() if header["do"] == "start" else read_state(state)
        before, started = int(found["updates"]), time.perf_counter()
        if header["do"] == "advance" and header["updates"]:
            deadline = started + header["seconds"]
            found = program.advance(found, header["updates"], deadline)
        elif header["do"] == "weight":
            place = (header["layer"], header["row"], header["column"])
            found = program.set_weight(found, *place, header["value"])
        advanced = time.perf_counter() - started
        updates = int(found["updates"])
        drawn = b""
        if header.get("draw"):
            frame = program.frame(found, header["draw"] == "first")
            drawn = _json({**frame, "updates": updates})
        counted = {"before": before, "updates": updates, "seconds": advanced}
        return counted, state_bytes(found), drawn

    def _program(self, text: str) -> Any:
        return program_of(_SETTINGS.validate_json(text), self._graphs)


def _json(frame: dict[str, Any]) -> bytes:
    try:
        return json.dumps(frame, allow_nan=False, separators=(",", ":")).encode()
    except ValueError as error:
        raise ZooError(
            f"The training diverged after {frame['updates']:,} updates: a number is not finite; "
            "choose a smaller learning rate."
        ) from error


def run(messages: IO[bytes], replies: IO[bytes]) -> None:
    """Answer messages until they end; TensorFlow must have been imported, but not used."""
    import psutil
    import tensorflow as tf

    # The workers share the cores; and one thread sums up in one order, to the same bits.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    worker, process = Worker(), psutil.Process()
    _reply(replies, {"process": process.pid, "bytes": _own_bytes(process)})
    while message := pipes.read(messages):
        state, drawn = b"", b""
        try:
            header, state, drawn = worker.answer(json.loads(message[0]), message[1])
        except ZooError as error:
            header = {"error": str(error)}
        except Exception as error:
            # The process keeps running, so that the next message is answered.
            traceback.print_exc()
            header = {"error": f"The training failed ({type(error).__name__}); start it again."}
        _reply(replies, {**header, "bytes": _own_bytes(process)}, state, drawn)


def main() -> None:
    """Answer messages on standard input until it ends."""
    # Libraries may print to standard output: that goes to standard error, replies to the original.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    import_tensorflow()
    # Predictions must stay fast during training.
    lower_priority()
    run(sys.stdin.buffer, replies)


def _own_bytes(process: Any) -> int:
    """Return the memory that is not shared files, which other processes map as well."""
    memory = process.memory_info()
    return memory.rss - getattr(memory, "shared", 0)


def _reply(
    replies: IO[bytes], header: dict[str, Any], state: bytes = b"", drawn: bytes = b""
) -> None:
    # The server may have ended.
    with contextlib.suppress(BrokenPipeError):
        replies.write(pipes.joined(json.dumps(header).encode(), state, drawn))
        replies.flush()


if __name__ == "__main__":
    main()

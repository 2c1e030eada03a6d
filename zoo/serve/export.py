"""The web server's side of exporting a training of the page as a bundle in a ZIP file."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zoo.errors import ZooError
from zoo.serve import pipes
from zoo.serve.settings import CurveSettings, FieldSettings, PlaneSettings
from zoo.utils.processes import OWN_GROUP, kill_group

# TensorFlow is started twice, on a machine that trains at the same time.
_SECONDS = 300.0
# Each takes about 15 seconds; more would only wait until their pages give up.
MAX_WAITING = 4
_MAX_LOG_BYTES = 2000
_LOG = logging.getLogger("zoo.serve")


class ExportsFullError(ZooError):
    """Too many exports wait for their turn."""


class Exporter:
    """Exports trainings, one at a time, each in a process of its own."""

    def __init__(self):
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def export_zip(
        self,
        settings: PlaneSettings | CurveSettings | FieldSettings,
        state: bytes,
        updates: int,
        edits: Sequence[dict[str, Any]] = (),
    ) -> bytes:
        """Return a ZIP file with one folder, the bundle of a training.

        Args:
            settings: of the training.
            state: of the training, from `zoo.serve.states.state_bytes`.
            updates: that were made.
            edits: weights that were set by hand, as for `PlaneProgram.python`.

        Raises:
            ZooError: if the training is not one of points of the plane, cannot be exported, or the
                server is stopped meanwhile.
            ExportsFullError: if `MAX_WAITING` others wait.
        """
        if not isinstance(settings, PlaneSettings):
            raise ZooError(
                "Only a training of the playground can be exported; train this model with "
                "`zoo train` and export it with `zoo export`."
            )
        if self._waiting > MAX_WAITING:
            raise ExportsFullError(
                f"{self._waiting} exports wait for their turn; try again in a minute."
            )
        header = {"settings": settings.model_dump_json(), "updates": updates, "edits": list(edits)}
        self._waiting += 1
        try:
            async with self._turn:
                return await _exported(pipes.joined(json.dumps(header).encode(), state))
        except asyncio.CancelledError as error:
            # Only when the server is stopped, whose terminal has no use for a traceback.
            raise ZooError("The server is stopped; export again when it is back.") from error
        finally:
            self._waiting -= 1


async def _exported(message: bytes) -> bytes:
    with tempfile.TemporaryDirectory(prefix="zoo-export-") as folder:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "zoo.serve.export_worker", folder),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **_ENVIRONMENT},
            **OWN_GROUP,
        )
        try:
            _, errors = await asyncio.wait_for(process.communicate(message), _SECONDS)
        except asyncio.TimeoutError as error:
            raise ZooError(
                f"The export took longer than {_SECONDS:.0f} seconds; try again when fewer train."
            ) from error
        finally:
            if process.returncode is None:
                kill_group(process.pid)
                await process.wait()
        return await asyncio.to_thread(_result, Path(folder), errors)


# Without a GPU, on which somebody may train, and on one core, which the workers share.
_ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "-1",
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
}


def _result(folder: Path, errors: bytes) -> bytes:
    refused, bundle = folder / "error.txt", folder / "bundle.zip"
    if refused.is_file():
        raise ZooError(refused.read_text(encoding="utf-8"))
    if not bundle.is_file():
        _LOG.error("An export failed: %s", errors[-_MAX_LOG_BYTES:].decode("utf-8", "replace"))
        raise ZooError("The export failed; the server's terminal shows the reason.")
    return bundle.read_bytes()

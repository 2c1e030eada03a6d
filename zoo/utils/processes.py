"""Processes and signals on every system: start, lower in priority, end with all they started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

# What asks a command to stop. Nothing sends SIGTERM on native Windows; Ctrl-Break is SIGBREAK.
STOP_SIGNALS: tuple[signal.Signals, ...] = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGBREAK") if hasattr(signal, name)
)
# Windows has one signal that ends a process.
KILL: signal.Signals = getattr(signal, "SIGKILL", signal.SIGTERM)
# Popen's arguments for a process that Ctrl-C in the terminal does not reach, and that is ended
# together with what it starts.
OWN_GROUP: Mapping[str, Any] = (
    {"start_new_session": True}
    if hasattr(os, "setsid")
    else {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
)
# For a Python process whose output is read as UTF-8, whatever the locale's encoding is.
WRITING_UTF_8: Mapping[str, str] = {"PYTHONIOENCODING": "utf-8:backslashreplace"}
_LOWER = 10
_LOWEST = 19


def run_python(
    *words: object,
    environment: Mapping[str, str] | None = None,
    seconds: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run this Python interpreter, wait for its end, and return its exit code and output.

    Args:
        words: the interpreter's arguments.
        environment: variables to add to those of this process.
        seconds: after which it is killed; None to wait for ever.

    Raises:
        subprocess.TimeoutExpired: if it is killed.
    """
    return subprocess.run(
        [sys.executable, *map(str, words)],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, **WRITING_UTF_8, **(environment or {})},
        timeout=seconds,
        check=False,
    )


def lower_priority() -> None:
    """Let other processes go before this one: niceness + 10; "below normal" on Windows.

    Needs psutil.
    """
    import psutil

    process = psutil.Process()
    if hasattr(psutil, "BELOW_NORMAL_PRIORITY_CLASS"):
        process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        process.nice(min(_LOWEST, process.nice() + _LOWER))


def kill_group(identifier: int) -> None:
    """Kill a process that was started with `OWN_GROUP`, and all that it has started.

    Windows has no such groups: there, what the process starts at this very moment may be missed.

    Args:
        identifier: of the process; nothing happens if it has ended.
    """
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(identifier, KILL)
        return
    import psutil

    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(identifier)
        for one in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()

"""Replace a folder atomically: completely or not at all, even if the process is killed."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil

from zoo.errors import TERMINATED, ZooError
from zoo.utils.processes import STOP_SIGNALS

_DRAFT, _ASIDE = ".draft-", ".old-"


@contextlib.contextmanager
def replacing_folder(target: Path) -> Iterator[Path]:
    """Yield a new folder next to `target`, which replaces `target` when the block succeeds.

    If the block raises or SIGTERM ends it, `target` is unchanged and the new folder is removed.
    Temporary folders left by killed processes are removed first.

    Raises:
        ZooError: if a folder cannot be written.
        SystemExit: on SIGTERM, with code 143.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(target)
        draft = _folder_of_this_process(_DRAFT, target.parent)
    except OSError as error:
        raise ZooError(
            f"{target} cannot be written ({error.strerror}); choose a writable folder."
        ) from error
    try:
        with _ended_by_sigterm():
            draft.chmod(0o755)
            yield draft
            _put_in_place(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _put_in_place(draft: Path, target: Path) -> None:
    """Rename the draft to the target; an existing target is restored if that fails."""
    try:
        if not target.exists():
            draft.rename(target)
            return
        aside = _folder_of_this_process(_ASIDE, target.parent)
        old = aside / target.name
        try:
            target.rename(old)
            draft.rename(target)
        finally:
            if old.exists() and not target.exists():
                old.rename(target)
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise ZooError(f"{target} cannot be written ({error.strerror}).") from error


def _remove_abandoned(target: Path) -> None:
    """Remove temporary folders of killed processes; restore a target that one had moved away."""
    for left in target.parent.glob(f"{_ASIDE}*"):
        if _is_abandoned(left, _ASIDE):
            old = left / target.name
            if old.exists() and not target.exists():
                old.rename(target)
            if not any(entry != old for entry in left.iterdir()):
                shutil.rmtree(left, ignore_errors=True)
    for left in target.parent.glob(f"{_DRAFT}*"):
        if _is_abandoned(left, _DRAFT):
            shutil.rmtree(left, ignore_errors=True)


def _folder_of_this_process(prefix: str, parent: Path) -> Path:
    return Path(tempfile.mkdtemp(prefix=f"{prefix}{_host()}-{os.getpid()}-", dir=parent))


def _is_abandoned(folder: Path, prefix: str) -> bool:
    """Return whether the folder was created by a process of this host that has ended."""
    host, _, rest = folder.name.removeprefix(prefix).rpartition("-")[0].rpartition("-")
    if host != _host() or not rest.isdecimal() or int(rest) == os.getpid():
        return False
    return not psutil.pid_exists(int(rest))


def _host() -> str:
    return socket.gethostname().replace(os.sep, "_")


@contextlib.contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Raise SystemExit in the block on SIGTERM, so that its cleanup runs."""
    if threading.current_thread() is not threading.main_thread():
        # Python delivers signals to the main thread only; a caller elsewhere handles its own.
        yield
        return
    before = {kind: signal.signal(kind, _end) for kind in STOP_SIGNALS}
    try:
        yield
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)


def _end(*_: object) -> None:
    sys.exit(TERMINATED)

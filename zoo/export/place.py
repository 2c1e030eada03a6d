"""A folder that takes another's place whole, or not at all, whatever ends the program."""

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

_DRAFT, _ASIDE = ".draft-", ".old-"


@contextlib.contextmanager
def replacing_folder(target: Path) -> Iterator[Path]:
    """Give a new folder beside `target`; when the block ends well it takes the place of `target`.

    If the block raises, or SIGTERM ends it, `target` is untouched and the new folder is gone. What
    programs that were killed have left beside `target` is cleared away first.

    Raises:
        ZooError: if the disk refuses.
        SystemExit: on SIGTERM, with code 143.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(target)
        draft = _folder_of_this_process(_DRAFT, target.parent)
    except OSError as error:
        raise ZooError(
            f"{target} cannot be written ({error.strerror}); choose a folder that can."
        ) from error
    try:
        with _ended_by_sigterm():
            draft.chmod(0o755)
            yield draft
            _put_in_place(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _put_in_place(draft: Path, target: Path) -> None:
    """Rename the draft to the target; an older one steps aside, and comes back if that fails."""
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
    """Remove what killed programs left, and put back what one of them had put aside."""
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
    """Return whether a process of this host made the folder and is no more."""
    host, _, rest = folder.name.removeprefix(prefix).rpartition("-")[0].rpartition("-")
    if host != _host() or not rest.isdecimal() or int(rest) == os.getpid():
        return False
    return not psutil.pid_exists(int(rest))


def _host() -> str:
    return socket.gethostname().replace(os.sep, "_")


@contextlib.contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the block as an exception, so that it cleans up behind itself."""
    if threading.current_thread() is not threading.main_thread():
        # Python delivers signals to the main thread only; a caller elsewhere handles its own.
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

"""Atomic writing of files, and reading of JSON."""

import contextlib
import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zoo.errors import ZooError
from zoo.utils.text import printable


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, which replaces `path` if the block succeeds.

    The temporary file has the suffix of `path`, on which some writers depend. If the block raises,
    `path` is unchanged and the temporary file is removed.

    Raises:
        ZooError: if the file cannot be written (no permission, no space left).
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".", suffix=path.suffix, dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise ZooError(refused(path, error)) from error
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp creates a private file; the result gets the permissions of any new file.
        temporary.chmod(0o666 & ~_umask())
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        raise ZooError(refused(path, error)) from error
    finally:
        temporary.unlink(missing_ok=True)


def read_beginning(path: Path, size: int, kind: str) -> bytes:
    """Return the first bytes of a file that a user named.

    Args:
        path: of the file.
        size: largest number of bytes.
        kind: what it should be, for messages, such as "CSV file".

    Raises:
        ZooError: if it is missing, not a regular file, or cannot be read.
    """
    shown = printable(path)
    try:
        if path.is_dir():
            raise ZooError(f"{shown} is a folder; give a {kind}.")
        if path.exists() and not path.is_file():
            raise ZooError(f"The file {shown} is not a regular file; give a {kind}.")
        with path.open("rb") as stream:
            return stream.read(size)
    except FileNotFoundError as error:
        raise ZooError(f"There is no file {shown}; give a {kind}.") from error
    except (OSError, ValueError) as error:
        raise ZooError(
            f"The file {shown} cannot be read ({getattr(error, 'strerror', None) or error}); give "
            "a file that you have permission to read."
        ) from error


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as stream:
        digest = hashlib.sha256()
        while block := stream.read(2**20):
            digest.update(block)
    return digest.hexdigest()


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file atomically, with the same bytes on every system.

    Raises:
        ZooError: if the file cannot be written.
    """
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, content: Any) -> None:
    """Write indented JSON atomically.

    Raises:
        ZooError: if the file cannot be written.
        ValueError: for NaN or an infinity.
    """
    text = json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n"
    # Bytes of file names that are not UTF-8 become JSON escapes, which are read back unchanged.
    write_text(path, text.encode("utf-8", "backslashreplace").decode("utf-8"))


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        ZooError: if it cannot be read or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ZooError(f"{path} cannot be read as JSON ({error}).") from error


def refused(path: Path, error: OSError) -> str:
    """Return the sentence for a file that cannot be written: the reason, and what to do."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    remedy = "free some space and repeat the command" if full else "choose a folder that can"
    return f"{path} cannot be written ({error.strerror or error}); {remedy}."


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

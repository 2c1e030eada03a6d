"""Writing files so that a reader, or a killed program, never meets half of one."""

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


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; when the block ends well it takes the place of `path`.

    The temporary file keeps the suffix, which some writers look at. If the block raises, `path`
    is untouched and the temporary file is gone.

    Raises:
        ZooError: if the disk refuses (no permission, no space left).
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".", suffix=path.suffix, dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise ZooError(_refused(path, error)) from error
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp makes a private file; what replaces it is as readable as any new file.
        temporary.chmod(0o666 & ~_umask())
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        raise ZooError(_refused(path, error)) from error
    finally:
        temporary.unlink(missing_ok=True)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as stream:
        digest = hashlib.sha256()
        while block := stream.read(2**20):
            digest.update(block)
    return digest.hexdigest()


def write_text(path: Path, text: str) -> None:
    """Write a text file in one stroke.

    Raises:
        ZooError: if the disk refuses.
    """
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, content: Any) -> None:
    """Write indented JSON in one stroke; a number that is not finite is refused.

    Raises:
        ZooError: if the disk refuses.
        ValueError: for NaN or an infinity.
    """
    text = json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n"
    # Bytes of a file name that are not UTF-8 become escapes of JSON, which read back as they were.
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


def _refused(path: Path, error: OSError) -> str:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    remedy = "free some space and repeat the command" if full else "choose a folder that can"
    return f"{path} cannot be written ({error.strerror or error}); {remedy}."


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

"""Messages between the web server and a worker: parts of bytes, each with its length."""

from __future__ import annotations

import asyncio
import struct
from typing import IO

_COUNT = struct.Struct("<B")
_LENGTH = struct.Struct("<I")


def joined(*parts: bytes) -> bytes:
    """Return a message of at most 255 parts.

    >>> import io
    >>> read(io.BytesIO(joined(b"start", b"")))
    [b'start', b'']
    """
    lengths = (_LENGTH.pack(len(part)) for part in parts)
    return b"".join([_COUNT.pack(len(parts)), *lengths, *parts])


def read(stream: IO[bytes]) -> list[bytes] | None:
    """Return the parts of the next message, None at the end of the stream."""
    count = stream.read(_COUNT.size)
    if not count:
        return None
    lengths = stream.read(_LENGTH.size * _COUNT.unpack(count)[0])
    parts = [stream.read(length) for (length,) in _LENGTH.iter_unpack(lengths)]
    sizes = [_LENGTH.pack(len(part)) for part in parts]
    # The sender may have ended in the middle of a message.
    return parts if sizes and b"".join(sizes) == lengths else None


async def receive(stream: asyncio.StreamReader) -> list[bytes]:
    """Return the parts of the next message.

    Raises:
        EOFError: at the end of the stream.
    """
    (count,) = _COUNT.unpack(await stream.readexactly(_COUNT.size))
    lengths = await stream.readexactly(_LENGTH.size * count)
    return [await stream.readexactly(length) for (length,) in _LENGTH.iter_unpack(lengths)]

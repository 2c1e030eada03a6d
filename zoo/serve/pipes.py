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
    if (count := _exactly(stream, _COUNT.size)) is None:
        return None
    lengths = _exactly(stream, _LENGTH.size * _COUNT.unpack(count)[0])
    if lengths is None:
        return None
    parts = [_exactly(stream, length) for (length,) in _LENGTH.iter_unpack(lengths)]
    found = [part for part in parts if part is not None]
    return found if len(found) == len(parts) else None


def _exactly(stream: IO[bytes], size: int) -> bytes | None:
    """Return so many bytes, None if the stream ends before."""
    content = bytearray()
    # A stream without a buffer returns what has arrived.
    while len(content) < size:
        if not (found := stream.read(size - len(content))):
            return None
        content += found
    return bytes(content)


async def receive(stream: asyncio.StreamReader) -> list[bytes]:
    """Return the parts of the next message.

    Raises:
        EOFError: at the end of the stream.
    """
    (count,) = _COUNT.unpack(await stream.readexactly(_COUNT.size))
    lengths = await stream.readexactly(_LENGTH.size * count)
    return [await stream.readexactly(length) for (length,) in _LENGTH.iter_unpack(lengths)]

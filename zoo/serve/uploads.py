"""Photos that a page sends: bounded in size and kind, kept in memory, decoded a few at a time."""

from __future__ import annotations

import threading
import warnings

import numpy as np
from starlette.requests import Request

from zoo import edge
from zoo.errors import ZooError

MAX_UPLOAD_BYTES = 20 * 2**20
# Who is answered while still sending may see a broken connection in place of the sentence.
_READ_TO_THE_END = 2 * MAX_UPLOAD_BYTES
_DECODED_AT_ONCE = threading.Semaphore(2)
# How JPEG and PNG files begin.
_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")


class UploadTooLargeError(ZooError):
    """More was sent than a photo takes."""


async def read_body(request: Request, most_bytes: int, refusal: str) -> bytes:
    """Return the body of a request; what is somewhat too large is read to its end and dropped.

    Raises:
        UploadTooLargeError: with this refusal, if it is larger, announced or not.
    """
    announced = request.headers.get("content-length", "0")
    content, received = bytearray(), 0
    if not announced.isdigit() or int(announced) <= _READ_TO_THE_END:
        async for chunk in request.stream():
            received += len(chunk)
            if received <= most_bytes:
                content += chunk
            elif received > _READ_TO_THE_END:
                break
        if received <= most_bytes:
            return bytes(content)
    raise UploadTooLargeError(refusal)


async def read_upload(request: Request) -> bytes:
    """Return the bytes that a photo is sent as.

    Raises:
        UploadTooLargeError: beyond `MAX_UPLOAD_BYTES`.
    """
    return await read_body(
        request,
        MAX_UPLOAD_BYTES,
        f"The upload is larger than {MAX_UPLOAD_BYTES:,} bytes; send a smaller photo.",
    )


def decode_upload(content: bytes) -> np.ndarray:
    """Return a photo, uint8 (h, w, 3), from the bytes of a JPEG or PNG file.

    Raises:
        ZooError: if its first bytes are of neither kind, whatever its name says.
        edge.InputError: if it is damaged or has too many pixels.
    """
    if not content.startswith(_BEGINNINGS):
        raise ZooError("What was sent is no JPEG or PNG photo, whatever its name; send one.")
    # Each photo may take hundreds of MB while it is decoded.
    with _DECODED_AT_ONCE, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return edge.decode(content)

"""Photos that a page sends: bounded in size and kind, kept in memory, decoded a few at a time."""

from __future__ import annotations

import threading
import warnings

import numpy as np
from starlette.requests import Request

from zoo import edge
from zoo.errors import ZooError

MAX_UPLOAD_BYTES = 20 * 2**20
_DECODED_AT_ONCE = threading.Semaphore(2)
_KINDS = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG"}


class UploadTooLargeError(ZooError):
    """More was sent than a photo takes."""


async def read_upload(request: Request) -> bytes:
    """Return the body of a request, reading no further than a photo may be large.

    Raises:
        UploadTooLargeError: beyond `MAX_UPLOAD_BYTES`, announced or not.
    """
    announced = request.headers.get("content-length", "0")
    content = bytearray()
    if not announced.isdigit() or int(announced) <= MAX_UPLOAD_BYTES:
        async for chunk in request.stream():
            content += chunk
            if len(content) > MAX_UPLOAD_BYTES:
                break
        else:
            return bytes(content)
    raise UploadTooLargeError(
        f"The upload is larger than {MAX_UPLOAD_BYTES:,} bytes; send a smaller photo."
    )


def decode_upload(content: bytes) -> np.ndarray:
    """Return a photo, uint8 (h, w, 3), from the bytes of a JPEG or PNG file.

    Raises:
        ZooError: if its first bytes are of neither kind, whatever its name says.
        edge.InputError: if it is damaged or has too many pixels.
    """
    if not content.startswith(tuple(_KINDS)):
        raise ZooError("What was sent is no JPEG or PNG photo, whatever its name; send one.")
    # Each photo may take hundreds of MB while it is decoded.
    with _DECODED_AT_ONCE, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return edge.decode(content)

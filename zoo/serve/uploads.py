"""Uploaded photos: limited in size, kept in memory only, processed one at a time."""

from __future__ import annotations

import threading
import warnings

import numpy as np
from starlette.requests import Request

from zoo import edge
from zoo.errors import ZooError

MAX_UPLOAD_BYTES = 20 * 2**20
# A client that is answered while it is still sending may see a reset connection instead of the
# error message, so somewhat too large bodies are read to the end.
_MAX_READ_BYTES = 2 * MAX_UPLOAD_BYTES
# Held while a photo is processed: it takes up to 200 MB while it is decoded and 140 MB afterwards.
PHOTO_LOCK = threading.Lock()


class UploadTooLargeError(ZooError):
    """The body of a request is larger than allowed."""


async def read_body(request: Request, max_bytes: int, refusal: str) -> bytes:
    """Return the body of a request.

    Raises:
        UploadTooLargeError: with the message `refusal`, if the body has more than `max_bytes`
            bytes, with or without a Content-Length header.
    """
    announced = request.headers.get("content-length", "0")
    content, received = bytearray(), 0
    if not announced.isdigit() or int(announced) <= _MAX_READ_BYTES:
        async for chunk in request.stream():
            received += len(chunk)
            if received <= max_bytes:
                content += chunk
            elif received > _MAX_READ_BYTES:
                break
        if received <= max_bytes:
            return bytes(content)
    raise UploadTooLargeError(refusal)


async def read_upload(request: Request) -> bytes:
    """Return the uploaded file of a photo.

    Raises:
        UploadTooLargeError: if it is larger than `MAX_UPLOAD_BYTES`.
    """
    return await read_body(
        request,
        MAX_UPLOAD_BYTES,
        f"The upload is larger than {MAX_UPLOAD_BYTES:,} bytes; send a smaller photo.",
    )


def upload_size(content: bytes) -> tuple[int, int]:
    """Return the (height, width) of an encoded photo without decoding it.

    Raises:
        edge.InputError: as `decode_upload`.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return edge.photo_size(content)


def decode_upload(
    content: bytes, frame: tuple[int, int] | None
) -> tuple[np.ndarray, tuple[int, int]]:
    """Decode a photo as input for a model, and return it with its original size.

    Args:
        content: of a file in one of the formats that `zoo predict` reads.
        frame: (height, width) of a model with a fixed input size.

    Returns:
        uint8 (h, w, 3), large photos scaled down, and the original (height, width).

    Raises:
        edge.InputError: if it is not a photo, is damaged, or has too many pixels.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return edge.read_photo(content, frame)

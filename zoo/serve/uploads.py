"""Photos that a page sends: bounded in size, kept in memory, answered one at a time."""

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
# Held from a photo's file to its answer: it takes up to 200 MB while it is decoded and 140 after.
ONE_AT_A_TIME = threading.Lock()


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


def upload_size(content: bytes) -> tuple[int, int]:
    """Return the (height, width) of a photo as it is stored, without decoding it.

    Raises:
        edge.InputError: as `decode_upload`.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return edge.photo_size(content)


def decode_upload(
    content: bytes, frame: tuple[int, int] | None
) -> tuple[np.ndarray, tuple[int, int]]:
    """Return what a model is asked about for the bytes of a photo's file, and the photo's size.

    Args:
        content: of a file in one of the formats that predict reads.
        frame: (height, width) of a model that takes one size only.

    Returns:
        uint8 (h, w, 3), and the photo's own (height, width): large photos are reduced.

    Raises:
        edge.InputError: if it is not a photo, is damaged, or has too many pixels.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return edge.read_photo(content, frame)

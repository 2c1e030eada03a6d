"""How much each client may ask for, so that one leaves something for the others.

A client is a browser that has joined. Programs on this machine that need no code have no limits of
their own; what all clients together may send is limited for them, too.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections import Counter
from collections.abc import Iterator

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zoo.serve.answers import refuse
from zoo.serve.buckets import Buckets
from zoo.serve.joining import CLIENT
from zoo.serve.uploads import MAX_UPLOAD_BYTES

# Photos that are sent, wait, or are being answered, of one client and in bytes of all.
MAX_AT_ONCE = 3
MAX_BYTES_AT_ONCE = 400 * 10**6
# Of the whole body: a photo of 20 MB over 3 Mbit/s.
BODY_SECONDS = 60.0


@dataclasses.dataclass(frozen=True)
class Limit:
    """How often a client may send a kind of request.

    Attributes:
        what: it asks for, in the sentence of a refusal.
        capacity: how often at once.
        rate: how often per second in the long run.
    """

    what: str
    capacity: int
    rate: float


# A page sends a photo again when another model is chosen, and starts a training whenever a
# setting is changed.
LIMITS = {
    "/api/predict": Limit("photos", 30, 2),
    "/api/joints": Limit("searches for joints", 3, 1 / 10),
    "/api/playground/start": Limit("trainings", 60, 2),
    "/api/playground/code": Limit("programs", 20, 1),
    "/api/playground/export": Limit("exports", 3, 1 / 60),
}
ANY = Limit("requests", 400, 60)
_UPLOADS = ("/api/predict", "/api/joints")


class ClientLimits:
    """Refuses what is more than a client's share, with status 429.

    Args:
        app: the application.
        body_seconds: time in which a body must have come; after it, the client is taken to be gone.
    """

    def __init__(self, app: ASGIApp, body_seconds: float = BODY_SECONDS):
        self._app = app
        self._body_seconds = body_seconds
        self._any = Buckets(ANY.capacity, ANY.rate)
        self._buckets = {
            path: Buckets(limit.capacity, limit.rate) for path, limit in LIMITS.items()
        }
        self._uploads: Counter[str] = Counter()
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        path, client = scope["path"], scope[CLIENT]
        received = _receive_in_time(receive, self._body_seconds)
        is_upload = scope["method"] == "POST" and path in _UPLOADS
        size = _announced(Headers(scope=scope)) if is_upload else 0
        if answer := self._refusal(path, client, size):
            if is_upload:
                # A client that is answered while it is still sending may see a reset connection.
                await _discard(received)
            await answer(scope, receive, send)
        elif is_upload:
            with self._uploading(client, size):
                await self._app(scope, received, send)
        else:
            await self._app(scope, received, send)

    def _refusal(self, path: str, client: str | None, size: int) -> Response | None:
        limit, buckets = LIMITS.get(path, ANY), self._buckets.get(path, self._any)
        if client is not None and (wait := buckets.take(client)):
            sentence = (
                f"Each browser may ask for {limit.capacity} {limit.what} at once, then for "
                f"{_often(limit.rate)}; try again in {wait} {'second' if wait == 1 else 'seconds'}."
            )
            return refuse(429, sentence, wait)
        if client is not None and size and self._uploads[client] >= MAX_AT_ONCE:
            sentence = f"{MAX_AT_ONCE} of your photos are being answered; wait for the answers."
            return refuse(429, sentence, 1)
        if size and self._bytes + size > MAX_BYTES_AT_ONCE:
            return refuse(503, "Many photos are being answered; try again in 2 seconds.", 2)
        return None

    @contextlib.contextmanager
    def _uploading(self, client: str | None, size: int) -> Iterator[None]:
        name = client or ""
        self._bytes += size
        self._uploads[name] += 1
        try:
            yield
        finally:
            self._bytes -= size
            self._uploads[name] -= 1
            if not self._uploads[name]:
                del self._uploads[name]


def _often(rate: float) -> str:
    """Return a rate in words.

    >>> _often(2), _often(1), _often(1 / 60)
    ('2 per second', '1 per second', '1 in 60 seconds')
    """
    return f"{rate:g} per second" if rate >= 1 else f"1 in {round(1 / rate)} seconds"


def _announced(headers: Headers) -> int:
    """Return how many bytes of a body will be kept; at most those of the largest upload."""
    text = headers.get("content-length", "")
    is_number = text.isdecimal() and len(text) < 20
    return min(int(text), MAX_UPLOAD_BYTES) if is_number else MAX_UPLOAD_BYTES


async def _discard(receive: Receive) -> None:
    """Read a body to its end, or until it is longer than the largest upload."""
    received = 0
    while received <= MAX_UPLOAD_BYTES:
        message = await receive()
        received += len(message.get("body", b""))
        if not message.get("more_body", False):
            break


def _receive_in_time(receive: Receive, seconds: float) -> Receive:
    """Return `receive` for a body that must come within these seconds; else the client is gone."""
    end: float | None = None
    is_complete = False

    async def received() -> Message:
        nonlocal end, is_complete
        if is_complete:
            return await receive()
        now = asyncio.get_running_loop().time()
        end = now + seconds if end is None else end
        try:
            message = await asyncio.wait_for(receive(), max(0.0, end - now))
        except asyncio.TimeoutError:
            message = {"type": "http.disconnect"}
        is_complete = not message.get("more_body", False)
        return message

    return received

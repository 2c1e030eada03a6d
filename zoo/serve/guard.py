"""Everything that stands between the network and the application."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from zoo.serve.access import Access
from zoo.serve.addresses import host_name, is_local_name
from zoo.serve.answers import refuse
from zoo.serve.headers import SecurityHeaders
from zoo.serve.joining import Joining
from zoo.serve.limits import ClientLimits

# "none": opened from the address bar or a bookmark.
_OWN = ("same-origin", "none")
# As the page says it before it has asked.
READ_ONLY = "This page is for looking and asking only: nothing can be trained on this server."


def guarded(app: ASGIApp, access: Access) -> ASGIApp:
    """Return the application behind all checks, in the order in which a request meets them.

    Headers for every answer; the host, and the site whose page has sent the request; the join code;
    what each client may ask for; no training if `access` says so.
    """
    inner: ASGIApp = ReadOnly(app) if access.read_only else app
    checked = SecurityHeaders(OwnSite(Joining(ClientLimits(inner), access), access))

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await checked(scope, receive, send)
        elif scope["type"] == "lifespan":
            await app(scope, receive, send)
        else:
            # There are no WebSockets here.
            await send({"type": "websocket.close", "code": 1008})

    return guard


class OwnSite:
    """Refuses requests that pages of other sites make a browser send.

    Args:
        app: the application.
        access: whether requests must address a name of the loopback interface.
    """

    def __init__(self, app: ASGIApp, access: Access):
        self._app = app
        self._local_names_only = access.local_names_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        headers = Headers(scope=scope)
        answer: ASGIApp = self._app
        if self._local_names_only and not is_local_name(headers):
            answer = refuse(
                400,
                f"The host {host_name(headers)[:60]!r} is not a name of this machine's loopback "
                "interface; open http://127.0.0.1 with the port of zoo serve.",
            )
        elif is_cross_site(headers) and not is_plain_navigation(scope, headers):
            answer = refuse(
                403, "The request was sent by a page of another site; open this server's own page."
            )
        await answer(scope, receive, send)


class ReadOnly:
    """Refuses to train; what the playground may be asked is answered, so that the page can say so.

    Args:
        app: the application.
    """

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        answer = self._app
        if scope["path"].startswith("/api/playground/"):
            answer = refuse(403, READ_ONLY)
        await answer(scope, receive, send)


def is_plain_navigation(scope: Scope, headers: Mapping[str, str]) -> bool:
    """Return whether a request only opens the page in a window, as a link on any site may."""
    return (
        scope["method"] == "GET"
        and not scope["path"].startswith("/api/")
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
        and "origin" not in headers
    )


def is_cross_site(headers: Mapping[str, str]) -> bool:
    """Return whether a browser sent a request on behalf of a page of another site.

    Browsers send Sec-Fetch-Site with every request to a trustworthy address such as loopback
    (W3C, Fetch Metadata Request Headers) and Origin with every POST (Fetch Standard). Programs
    such as curl send neither; they are not controlled by a page and are accepted.

    Args:
        headers: headers of the request, names in lower case.

    >>> is_cross_site({"host": "localhost:8000", "origin": "http://localhost:8000"})
    False
    >>> is_cross_site({"host": "localhost:8000", "origin": "http://localhost:9000"})
    True
    >>> is_cross_site({"host": "localhost:8000", "sec-fetch-site": "cross-site"})
    True
    """
    if headers.get("sec-fetch-site", "none") not in _OWN:
        return True
    origin = headers.get("origin")
    if origin is None:
        return False
    try:
        place = urlsplit(origin).netloc
    except ValueError:
        return True
    # The scheme is not compared: behind a proxy that terminates TLS, the origin is https.
    return not place or place.lower() != headers.get("host", "").lower()

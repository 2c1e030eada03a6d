"""Joining: without the join code, every request is answered with the page that asks for it.

Who knows the code gets a cookie, which names the client from then on. The cookie is signed with a
key of this server process, so a restart asks again.
"""

from __future__ import annotations

import hashlib
import hmac
import html
import secrets
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from zoo.errors import ZooError
from zoo.serve.access import Access, is_loopback, normalized_code
from zoo.serve.addresses import is_local_name
from zoo.serve.buckets import Buckets
from zoo.serve.messages import Join, read_query
from zoo.serve.uploads import read_body
from zoo.utils.text import printable

_STATIC = Path(__file__).resolve().parent / "static"
# The page that asks has styles and a script; they are all that is answered without the code.
_FILES = {f"/join/{name}": name for name in ("page.css", "joining.css", "joining.js")}
# Wrong codes of one network address. At one in 6 seconds, all of 31⁸ take 160,000 years.
_GUESSES, _GUESSES_PER_SECOND = 10, 1 / 6
# Right codes of one network address: a class behind one address joins within minutes, a program
# does not get a fresh client with every request.
_JOINS, _JOINS_PER_SECOND = 300, 1.0
_MAX_FORM_BYTES = 2**12
_SECONDS = 12 * 3600
CLIENT = "zoo.client"


class Joining:
    """Lets in who has joined, and puts the client's name into the scope, under `CLIENT`.

    The name is None for programs on this machine if these need no code; else it is the cookie's.

    Args:
        app: the application, for who has joined.
        access: whom to let in.
    """

    def __init__(self, app: ASGIApp, access: Access):
        self._app = app
        self._access = access
        self._key = secrets.token_bytes(32)
        self._guesses = Buckets(_GUESSES, _GUESSES_PER_SECOND)
        self._joins = Buckets(_JOINS, _JOINS_PER_SECOND)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        request = Request(scope, receive)
        if self._is_free(request):
            await self._app({**scope, CLIENT: None}, receive, send)
            return
        client = self._client(request)
        path = request.url.path
        if path == "/join" and request.method == "POST":
            answer = await self._form(request)
        elif path == "/" and "code" in request.query_params:
            answer = self._link(request, client)
        elif path == "/join/joined":
            answer = Response(status_code=204) if client else _ask(403)
        elif path in _FILES:
            answer = FileResponse(_STATIC / _FILES[path], headers={"cache-control": "no-cache"})
        elif client:
            await self._app({**scope, CLIENT: client}, receive, send)
            return
        else:
            answer = _ask(403)
        await answer(scope, receive, send)

    def _is_free(self, request: Request) -> bool:
        if self._access.code is None:
            return True
        return (
            not self._access.asks_this_machine
            and is_loopback(_network_address(request))
            # A page whose name was pointed at this machine is not a program of this machine.
            and is_local_name(request.headers)
        )

    def _client(self, request: Request) -> str | None:
        """Return the name in the cookie if this server signed it."""
        cookies: SimpleCookie = SimpleCookie()
        try:
            cookies.load(request.headers.get("cookie", ""))
        except CookieError:
            return None
        found = cookies.get(_cookie(request))
        name, _, signature = (found.value if found else "").partition(".")
        good = hmac.compare_digest(signature.encode(), self._signature(name).encode())
        return name if good else None

    def _signature(self, name: str) -> str:
        return hmac.new(self._key, name.encode(), hashlib.sha256).hexdigest()

    async def _form(self, request: Request) -> Response:
        """Answer the form of the page that asks."""
        try:
            content = await read_body(request, _MAX_FORM_BYTES, "The form is too large.")
            pairs = parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True)
            given = read_query(Join, pairs).code
        except (ZooError, ValueError) as error:
            return _ask(400, str(error))
        # A fragment of the address stays as it is.
        return self._try(request, given, RedirectResponse("/", 303))

    def _link(self, request: Request, client: str | None) -> Response:
        """Answer an address with a code in it, as in the QR code."""
        # A redirect would keep out who follows a link on another site: the browser sends no cookie
        # along with what another site has caused. A script of this site goes on instead.
        joined = HTMLResponse(_page("joined.html"), headers={"cache-control": "no-store"})
        return joined if client else self._try(request, request.query_params["code"], joined)

    def _try(self, request: Request, given: str, joined: Response) -> Response:
        """Return `joined` with the cookie if the code is right, else the page that asks."""
        assert self._access.code is not None
        place = _network_address(request)
        # A right code, too, must wait after too many wrong ones: else waiting would tell.
        if wait := self._guesses.wait(place):
            return _ask(429, f"Too many wrong codes; try again in {wait} seconds.", wait)
        if not hmac.compare_digest(normalized_code(given).encode(), self._access.code.encode()):
            self._guesses.take(place)
            return _ask(403, f"The join code is not {_shown(given)}; see the projector.")
        if wait := self._joins.take(place):
            return _ask(429, f"Too many join at once; try again in {wait} seconds.", wait)
        name = secrets.token_urlsafe(12)
        joined.set_cookie(
            _cookie(request),
            f"{name}.{self._signature(name)}",
            max_age=_SECONDS,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        joined.headers["cache-control"] = "no-store"
        return joined


def _network_address(request: Request) -> str:
    return request.client.host if request.client else ""


def _cookie(request: Request) -> str:
    """Return the name of the cookie: cookies of all ports of a host are sent to each of them."""
    _, port = request.scope.get("server") or ("", 0)
    return f"zoo_join_{port}"


def _ask(status: int, sentence: str = "", wait: int | None = None) -> Response:
    """Return the page that asks for the code."""
    headers = {"cache-control": "no-store", "connection": "close"}
    if wait is not None:
        headers["retry-after"] = str(wait)
    text = _page("joining.html").replace("{refusal}", html.escape(printable(sentence)))
    return HTMLResponse(text, status, headers)


def _page(name: str) -> str:
    return (_STATIC / name).read_text("utf-8")


def _shown(given: str) -> str:
    return repr(given if len(given) <= 20 else f"{given[:20]}…")

"""The page's routes: every refusal is one sentence, in JSON, with the status that fits."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from zoo import edge
from zoo.errors import ZooError
from zoo.serve.guard import is_foreign
from zoo.serve.inference import Desk
from zoo.serve.listing import listed
from zoo.serve.memory import give_back, return_large_blocks
from zoo.serve.messages import (
    MAX_MESSAGE_BYTES,
    read_message,
    read_settings,
    read_token,
    read_training,
    read_updates,
)
from zoo.serve.uploads import (
    MAX_UPLOAD_BYTES,
    ONE_AT_A_TIME,
    UploadTooLargeError,
    decode_upload,
    read_body,
    read_upload,
    upload_size,
)
from zoo.serve.worker_pool import BrokenError, BusyError, EndedError, Workers
from zoo.utils.text import printable

_STATIC = Path(__file__).resolve().parent / "static"
_PICTURES = (".png", ".svg")
# A row of numbers, written out.
_MAX_NUMBERS_BYTES = 2**16
# Everything comes from this server; pictures that the page draws itself are data or blobs.
_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)


def create_app(bundles: Mapping[str, Path], hosts: tuple[str, ...] = ("*",)) -> Starlette:
    """Return the application.

    Args:
        bundles: folders by the name they are asked under.
        hosts: names that requests may call this server; other sites' pages that lead a browser
            here under a name of theirs are refused.
    """
    return_large_blocks()
    desk = Desk(bundles)
    desk.load()
    workers = Workers()

    async def page(request: Request) -> Response:
        return FileResponse(_STATIC / "index.html")

    async def models(request: Request) -> Response:
        return JSONResponse(
            {
                "models": [listed(name, manifest) for name, manifest in desk.manifests.items()],
                "upload_bytes": MAX_UPLOAD_BYTES,
            }
        )

    async def ask(request: Request) -> Response:
        content = await read_upload(request)
        query = request.query_params
        return JSONResponse(
            await run_in_threadpool(
                _answer, desk, query.get("model", ""), query.get("artifact"), content
            )
        )

    async def card(request: Request) -> Response:
        folder = _folder(desk, request)
        return HTMLResponse(await run_in_threadpool(_card, folder))

    async def picture(request: Request) -> Response:
        folder = _folder(desk, request)
        path = await run_in_threadpool(_picture, folder, request.path_params["file"])
        return FileResponse(path)

    async def start(request: Request) -> Response:
        message = await _message(request)
        return JSONResponse(await workers.start(read_token(message), read_settings(message)))

    async def step(request: Request) -> Response:
        message = await _message(request)
        return JSONResponse(
            await workers.step(read_token(message), read_training(message), read_updates(message))
        )

    async def end(request: Request) -> Response:
        await workers.end(read_token(await _message(request)))
        return JSONResponse({})

    @contextlib.asynccontextmanager
    async def lifespan(_):
        watch = asyncio.create_task(workers.end_unwatched())
        yield
        watch.cancel()
        await workers.close()

    return Starlette(
        routes=[
            Route("/", page),
            Route("/api/models", models),
            Route("/api/ask", ask, methods=["POST"]),
            Route("/api/cards/{name}", card),
            Route("/api/cards/{name}/{file}", picture),
            Route("/api/playground/start", start, methods=["POST"]),
            Route("/api/playground/step", step, methods=["POST"]),
            Route("/api/playground/end", end, methods=["POST"]),
            Mount("/static", StaticFiles(directory=_STATIC)),
        ],
        middleware=[
            Middleware(_SafeHeaders),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False),
            Middleware(_OwnPageOnly),
        ],
        exception_handlers={
            UploadTooLargeError: _handler(413),
            _MissingError: _handler(404),
            _MediaTypeError: _handler(415),
            EndedError: _handler(410),
            BrokenError: _handler(500),
            BusyError: _handler(503),
            ZooError: _handler(400),
            edge.InputError: _handler(400),
            edge.BundleError: _handler(400),
            HTTPException: _no_such_route,
            ClientDisconnect: _nobody_there,
            # Starlette raises it again after the answer, so that the server logs the traceback.
            Exception: _defect,
        },
        lifespan=lifespan,
    )


class _MissingError(ZooError):
    """What is asked for is not served here."""


class _MediaTypeError(ZooError):
    """A message that does not say that it is JSON."""


class _OwnPageOnly:
    """Refuses what another site's page has a visitor's browser send to /api."""

    def __init__(self, app):
        self._app = app

    async def __call__(self, scope, receive, send):
        request = Request(scope) if scope["type"] == "http" else None
        if request and request.url.path.startswith("/api/") and is_foreign(request.headers):
            refusal = _refusal(403, "Another site's page sent this; open this page itself.")
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


class _SafeHeaders:
    """Adds the headers that keep other sites' scripts and frames out."""

    def __init__(self, app):
        self._app = app

    async def __call__(self, scope, receive, send):
        async def send_with_headers(message):
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    (b"content-security-policy", _POLICY.encode()),
                    (b"cross-origin-resource-policy", b"same-origin"),
                    (b"x-content-type-options", b"nosniff"),
                    (b"referrer-policy", b"no-referrer"),
                ]
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _answer(desk: Desk, name: str, artifact: str | None, content: bytes) -> dict[str, Any]:
    started = time.perf_counter()
    if desk.manifests.get(name, {}).get("input", {}).get("kind") == "vector":
        if len(content) > _MAX_NUMBERS_BYTES:
            raise UploadTooLargeError(
                f"{len(content):,} bytes were sent; a row of numbers is at most "
                f"{_MAX_NUMBERS_BYTES:,}."
            )
        words = content.decode("utf-8", "replace").split()
        rows = edge.parse_rows(words, desk.manifests[name]["input"]["shape"][1])
        if len(rows) != 1:
            raise ZooError(f"{len(rows)} rows of numbers were given; ask about one at a time.")
        answer, slide = desk.ask(name, artifact, rows[0]), None
    else:
        with ONE_AT_A_TIME:
            frame = desk.frame(name)
            desk.make_room(*upload_size(content))
            photo, (height, width) = decode_upload(content, frame)
            answer, slide = desk.ask(name, artifact, photo), desk.slide(name, photo)
            if photo.shape[:2] != (height, width):
                give_back()
        answer["photo"] = {"height": height, "width": width}
    return {**answer, "slide": slide, "server_seconds": time.perf_counter() - started}


async def _message(request: Request) -> dict[str, Any]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    # Another site's page cannot send this type without asking this server first.
    if kind != "application/json":
        raise _MediaTypeError(
            f"The content type is {kind or 'missing'}; a message is sent as application/json."
        )
    return read_message(
        await read_body(
            request, MAX_MESSAGE_BYTES, f"A message is at most {MAX_MESSAGE_BYTES:,} bytes."
        )
    )


def _folder(desk: Desk, request: Request) -> Path:
    folder = desk.bundles.get(request.path_params["name"])
    if folder is None:
        raise _MissingError(f"{request.path_params['name']!r} is not served here.")
    return folder


def _card(folder: Path) -> str:
    try:
        text = (folder / "README.md").read_text("utf-8", "replace")
    except OSError as error:
        raise _MissingError(
            f"The card of {folder.name} cannot be read ({error.strerror}); export the bundle again."
        ) from error
    return _html(text)


def _picture(folder: Path, name: str) -> Path:
    # Looked up, not opened: a name from outside never becomes a path.
    for path in folder.iterdir():
        if path.name == name and path.suffix in _PICTURES and path.is_file():
            return path
    raise _MissingError("There is no such picture.")


def _html(markdown: str) -> str:
    from markdown_it import MarkdownIt

    # Without HTML: a bundle may come from anybody.
    return MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)


def _handler(status: int) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def handle(request: Request, error: Exception) -> Response:
        return _refusal(status, str(error))

    return handle


async def _no_such_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _refusal(error.status_code, f"{request.method} {request.url.path}: {error.detail}.")


async def _nobody_there(request: Request, error: Exception) -> Response:
    return Response(status_code=400)


async def _defect(request: Request, error: Exception) -> Response:
    return _refusal(500, "The server failed on this; its terminal says more.")


def _refusal(status: int, sentence: str) -> Response:
    return JSONResponse({"error": printable(sentence)}, status, {"connection": "close"})

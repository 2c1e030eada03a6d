"""The page's routes: every refusal is one sentence, in JSON, with the status that fits."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from zoo import edge
from zoo.errors import ZooError
from zoo.serve.asking import Desk
from zoo.serve.learners import BusyError, Learners
from zoo.serve.memory import give_back, return_large_blocks
from zoo.serve.uploads import (
    ONE_AT_A_TIME,
    UploadTooLargeError,
    decode_upload,
    read_body,
    read_upload,
    upload_size,
)

_STATIC = Path(__file__).resolve().parent / "static"
_PICTURES = (".png", ".svg")
_MAX_ORDER_BYTES = 2**16
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
    learners = Learners()

    async def page(request: Request) -> Response:
        return FileResponse(_STATIC / "index.html")

    async def models(request: Request) -> Response:
        return JSONResponse(desk.models())

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
        text = await run_in_threadpool((folder / "README.md").read_text, "utf-8")
        return HTMLResponse(_html(text))

    async def picture(request: Request) -> Response:
        path = _folder(desk, request) / request.path_params["file"]
        if path.suffix not in _PICTURES or not path.is_file():
            return _refusal(404, "There is no such picture.")
        return FileResponse(path)

    async def start(request: Request) -> Response:
        order = await _json(request)
        return JSONResponse(await learners.start(order.get("token"), order))

    async def step(request: Request) -> Response:
        order = await _json(request)
        return JSONResponse(await learners.step(order.get("token"), order.get("updates")))

    async def end(request: Request) -> Response:
        await learners.end((await _json(request)).get("token"))
        return JSONResponse({})

    @contextlib.asynccontextmanager
    async def lifespan(_):
        yield
        await learners.close()

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
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False),
            Middleware(_SafeHeaders),
        ],
        exception_handlers={
            UploadTooLargeError: _handler(413),
            BusyError: _handler(503),
            ZooError: _handler(400),
            edge.InputError: _handler(400),
            edge.BundleError: _handler(400),
        },
        lifespan=lifespan,
    )


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
                    (b"x-content-type-options", b"nosniff"),
                    (b"referrer-policy", b"no-referrer"),
                ]
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _answer(desk: Desk, name: str, artifact: str | None, content: bytes) -> dict[str, Any]:
    started = time.perf_counter()
    if desk.manifests.get(name, {}).get("input", {}).get("kind") == "vector":
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


async def _json(request: Request) -> dict[str, Any]:
    content = await read_body(
        request, _MAX_ORDER_BYTES, f"An order is at most {_MAX_ORDER_BYTES:,} bytes."
    )
    try:
        order = json.loads(content)
    except ValueError as error:
        raise ZooError("An order is JSON; this was not.") from error
    if not isinstance(order, dict) or not isinstance(order.get("token"), str | None):
        raise ZooError("An order is a JSON object, its token a text.")
    return order


def _folder(desk: Desk, request: Request) -> Path:
    folder = desk.bundles.get(request.path_params["name"])
    if folder is None:
        raise ZooError(f"{request.path_params['name']!r} is not served here.")
    return folder


def _html(markdown: str) -> str:
    from markdown_it import MarkdownIt

    # Without HTML: a bundle may come from anybody.
    return MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)


def _handler(status: int):
    async def handle(request: Request, error: Exception) -> Response:
        return _refusal(status, str(error))

    return handle


def _refusal(status: int, sentence: str) -> Response:
    return JSONResponse({"error": sentence}, status, {"connection": "close"})

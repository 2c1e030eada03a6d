"""The page's routes. Every error is answered with an HTTP status and one sentence as JSON."""

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
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from zoo import edge
from zoo.bundles.front_matter import without_front_matter
from zoo.errors import ZooError
from zoo.serve.answers import refuse
from zoo.serve.export import Exporter, ExportsFullError
from zoo.serve.inference import ModelServer
from zoo.serve.join_routes import Invitation, join_routes
from zoo.serve.listing import model_summary
from zoo.serve.memory import release_large_blocks, trim_heap
from zoo.serve.messages import Predict, read_query
from zoo.serve.playground_routes import MediaTypeError, playground_routes
from zoo.serve.scheduler import Scheduler, WorkerStoppedError
from zoo.serve.sessions import (
    ClientFullError,
    RoomFullError,
    Sessions,
    TooManyWaitingError,
    TrainingEndedError,
)
from zoo.serve.uploads import (
    MAX_UPLOAD_BYTES,
    PHOTO_LOCK,
    UploadTooLargeError,
    decode_upload,
    read_upload,
    upload_size,
)

_STATIC = Path(__file__).resolve().parent / "static"
_PICTURES = (".png", ".svg")
# One row of numbers, as text.
_MAX_NUMBERS_BYTES = 2**16


def create_app(
    bundles: Mapping[str, Path],
    places: int | None = None,
    read_only: bool = False,
    invitation: Invitation | None = None,
) -> Starlette:
    """Return the application, to be put behind `zoo.serve.guard.guarded`.

    Args:
        bundles: name of a model, as in requests → folder of its bundle.
        places: how many pages may train at once; by default as many as the workers can serve.
        read_only: whether the page is told that nothing is trained here.
        invitation: what the page shows for those who have not joined yet; None if all may come.
    """
    release_large_blocks()
    model_server = ModelServer(bundles)
    model_server.load()
    sessions = Sessions(Scheduler(), places)

    async def page(request: Request) -> Response:
        return FileResponse(_STATIC / "index.html")

    async def models(request: Request) -> Response:
        return JSONResponse(
            {
                "models": [
                    model_summary(name, manifest)
                    for name, manifest in model_server.manifests.items()
                ],
                "upload_bytes": MAX_UPLOAD_BYTES,
            }
        )

    async def predict(request: Request) -> Response:
        content = await read_upload(request)
        query = read_query(Predict, request.query_params.multi_items())
        return JSONResponse(
            await run_in_threadpool(_predict, model_server, query.model, query.artifact, content)
        )

    async def joints(request: Request) -> Response:
        content = await read_upload(request)
        query = read_query(Predict, request.query_params.multi_items())
        return JSONResponse(
            await run_in_threadpool(_joints, model_server, query.model, query.artifact, content)
        )

    async def card(request: Request) -> Response:
        folder = _folder(model_server, request)
        return HTMLResponse(await run_in_threadpool(_card, folder))

    async def picture(request: Request) -> Response:
        folder = _folder(model_server, request)
        path = await run_in_threadpool(_picture, folder, request.path_params["file"])
        return FileResponse(path)

    @contextlib.asynccontextmanager
    async def lifespan(_):
        cleanup = asyncio.create_task(sessions.end_idle())
        yield
        cleanup.cancel()
        await sessions.close()

    return Starlette(
        routes=[
            Route("/", page),
            Route("/api/models", models),
            Route("/api/predict", predict, methods=["POST"]),
            Route("/api/joints", joints, methods=["POST"]),
            Route("/api/cards/{name}", card),
            Route("/api/cards/{name}/{file}", picture),
            *playground_routes(sessions, Exporter(), read_only),
            *join_routes(invitation),
            Mount("/static", StaticFiles(directory=_STATIC)),
        ],
        exception_handlers={
            UploadTooLargeError: _handler(413),
            _NotFoundError: _handler(404),
            MediaTypeError: _handler(415),
            TrainingEndedError: _handler(410),
            WorkerStoppedError: _handler(500),
            ClientFullError: _handler(429),
            RoomFullError: _handler(503),
            ExportsFullError: _handler(503),
            TooManyWaitingError: _handler(429),
            ZooError: _handler(400),
            edge.InputError: _handler(400),
            edge.BundleError: _handler(400),
            HTTPException: _http_error,
            ClientDisconnect: _client_disconnected,
            # Starlette raises it again after the response, so that the server logs the traceback.
            Exception: _unexpected_error,
        },
        lifespan=lifespan,
    )


class _NotFoundError(ZooError):
    """The requested model or file is not served."""


def _predict(
    model_server: ModelServer, name: str, artifact: str | None, content: bytes
) -> dict[str, Any]:
    started = time.perf_counter()
    if model_server.manifests.get(name, {}).get("input", {}).get("kind") == "vector":
        if len(content) > _MAX_NUMBERS_BYTES:
            raise UploadTooLargeError(
                f"The request has {len(content):,} bytes; a row of numbers may have at most "
                f"{_MAX_NUMBERS_BYTES:,}."
            )
        words = content.decode("utf-8", "replace").split()
        given = model_server.manifests[name]["input"]
        rows = edge.parse_rows(words, given["shape"][1], given.get("names", ()))
        if len(rows) != 1:
            raise ZooError(f"{len(rows)} rows of numbers were given; send exactly one.")
        answer, slide = model_server.predict(name, artifact, rows[0]), None
    else:
        with PHOTO_LOCK:
            frame = model_server.frame(name)
            model_server.free_memory_for(*upload_size(content))
            photo, (height, width) = decode_upload(content, frame)
            answer, slide = (
                model_server.predict(name, artifact, photo),
                model_server.slide(name, photo),
            )
            if photo.shape[:2] != (height, width):
                trim_heap()
        answer["photo"] = {"height": height, "width": width}
    return {**answer, "slide": slide, "server_seconds": time.perf_counter() - started}


def _joints(
    model_server: ModelServer, name: str, artifact: str | None, content: bytes
) -> dict[str, Any]:
    with PHOTO_LOCK:
        model_server.free_memory_for(*upload_size(content))
        photo, (height, width) = decode_upload(content, None)
        found = model_server.joints(name, artifact, photo)
    return {**found, "photo": {"height": height, "width": width}}


def _folder(model_server: ModelServer, request: Request) -> Path:
    folder = model_server.bundles.get(request.path_params["name"])
    if folder is None:
        raise _NotFoundError(f"The model {request.path_params['name']!r} is not served here.")
    return folder


def _card(folder: Path) -> str:
    try:
        text = (folder / "README.md").read_text("utf-8", "replace")
    except OSError as error:
        raise _NotFoundError(
            f"The model card of {folder.name} cannot be read ({error.strerror}); "
            "export the bundle again."
        ) from error
    return _html(without_front_matter(text))


def _picture(folder: Path, name: str) -> Path:
    # The name from the request is only compared with existing names, never used as a path.
    for path in folder.iterdir():
        if path.name == name and path.suffix in _PICTURES and path.is_file():
            return path
    raise _NotFoundError(f"There is no picture {name!r}.")


def _html(markdown: str) -> str:
    from markdown_it import MarkdownIt

    # Raw HTML is disabled: a bundle may come from an untrusted source.
    return MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)


def _handler(status: int) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def handle(request: Request, error: Exception) -> Response:
        return refuse(status, str(error))

    return handle


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return refuse(error.status_code, f"{request.method} {request.url.path}: {error.detail}.")


async def _client_disconnected(request: Request, error: Exception) -> Response:
    return Response(status_code=400)


async def _unexpected_error(request: Request, error: Exception) -> Response:
    return refuse(500, "Internal server error; the server's terminal shows the details.")

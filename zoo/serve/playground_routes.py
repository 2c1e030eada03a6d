"""The routes under /api/playground: trainings, by messages in JSON."""

from __future__ import annotations

import asyncio
import functools
import importlib.util
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from zoo.errors import ZooError
from zoo.serve import messages
from zoo.serve.export import Exporter
from zoo.serve.joining import CLIENT
from zoo.serve.presets import PRESETS
from zoo.serve.sessions import Sessions, TrainingEndedError
from zoo.serve.uploads import read_body

_PATH = "/api/playground"


class MediaTypeError(ZooError):
    """The content type of a message is not JSON."""


def playground_routes(sessions: Sessions, exporter: Exporter, read_only: bool) -> list[Route]:
    """Return the routes of the playground.

    Args:
        sessions: the trainings.
        exporter: makes bundles of them.
        read_only: what the page is told; the routes do not refuse anything because of it.
    """

    async def about(request: Request) -> Response:
        return JSONResponse(
            {
                "presets": [preset.as_dict() for preset in PRESETS],
                "choices": messages.choices(),
                "read_only": read_only,
                "training": importlib.util.find_spec("tensorflow") is not None,
                "places": sessions.places,
            }
        )

    async def start(request: Request) -> Response:
        message = messages.read(messages.Start, await _body(request))
        return _json(
            await sessions.start(message.settings, message.training, request.scope[CLIENT])
        )

    async def step(request: Request) -> Response:
        message = messages.read(messages.Step, await _body(request))
        return _json(await sessions.step(message.training, message.updates))

    async def back(request: Request) -> Response:
        message = messages.read(messages.Back, await _body(request))
        return _json(await sessions.back(message.training, message.to))

    async def weight(request: Request) -> Response:
        message = messages.read(messages.Weight, await _body(request))
        place = (message.layer, message.row, message.column)
        return _json(await sessions.set_weight(message.training, *place, message.value))

    async def alive(request: Request) -> Response:
        message = messages.read(messages.Training, await _body(request))
        sessions.keep_alive(message.training)
        return JSONResponse({})

    async def end(request: Request) -> Response:
        message = messages.read(messages.Training, await _body(request))
        sessions.end(message.training)
        return JSONResponse({})

    async def code(request: Request) -> Response:
        message = messages.read(messages.Training, await _body(request))
        return JSONResponse({"python": await sessions.python(message.training)})

    async def export(request: Request) -> Response:
        message = messages.read(messages.Training, await _body(request))
        found = await sessions.snapshot(message.training)
        content = await exporter.export_zip(found.settings, found.state, found.updates, found.edits)
        name = 'attachment; filename="playground.zip"'
        return Response(
            content, media_type="application/zip", headers={"Content-Disposition": name}
        )

    return [
        Route(_PATH, about),
        Route(f"{_PATH}/start", _stoppable(start), methods=["POST"]),
        Route(f"{_PATH}/step", _stoppable(step), methods=["POST"]),
        Route(f"{_PATH}/back", _stoppable(back), methods=["POST"]),
        Route(f"{_PATH}/weight", _stoppable(weight), methods=["POST"]),
        Route(f"{_PATH}/alive", _stoppable(alive), methods=["POST"]),
        Route(f"{_PATH}/end", _stoppable(end), methods=["POST"]),
        Route(f"{_PATH}/code", _stoppable(code), methods=["POST"]),
        Route(f"{_PATH}/export", _stoppable(export), methods=["POST"]),
    ]


def _stoppable(
    endpoint: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint, which refuses what is still waiting when the server is stopped."""

    @functools.wraps(endpoint)
    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except asyncio.CancelledError as error:
            # The server cancels requests when it is stopped, and would print a traceback.
            raise TrainingEndedError("The server is being stopped.") from error

    return answer


async def _body(request: Request) -> bytes:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    # A page of another site cannot send this type without a CORS preflight, which fails.
    if kind != "application/json":
        raise MediaTypeError(
            f"The content type is {kind or 'missing'}; send messages as application/json."
        )
    refusal = f"A message may have at most {messages.MAX_MESSAGE_BYTES:,} bytes."
    return await read_body(request, messages.MAX_MESSAGE_BYTES, refusal)


def _json(content: bytes) -> Response:
    return Response(content, media_type="application/json")

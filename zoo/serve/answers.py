"""Errors as the page reads them: an HTTP status and one sentence as JSON."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from zoo.utils.text import printable


def refuse(status: int, sentence: str, retry_after: int | None = None) -> Response:
    """Return the answer for a request that is not carried out.

    Args:
        status: of HTTP.
        sentence: for the user.
        retry_after: seconds after which the request may be sent again.
    """
    headers = {"connection": "close"}
    if retry_after is not None:
        headers["retry-after"] = str(retry_after)
    return JSONResponse({"error": printable(sentence)}, status, headers)

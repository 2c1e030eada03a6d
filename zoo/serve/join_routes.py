"""The routes under /api/join: the join code and its QR code, for those who are in already."""

from __future__ import annotations

import dataclasses

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from zoo.serve.access import spoken_code
from zoo.serve.addresses import join_address, qr_picture
from zoo.serve.answers import refuse


@dataclasses.dataclass(frozen=True)
class Invitation:
    """What somebody needs to join.

    Attributes:
        address: of the page, for other machines.
        code: the join code.
    """

    address: str
    code: str

    @property
    def link(self) -> str:
        """The address with the code in it."""
        return join_address(self.address, self.code)


def join_routes(invitation: Invitation | None) -> list[Route]:
    """Return the routes that tell the page what to show on the projector.

    Args:
        invitation: None if the page is for this machine alone.
    """

    async def about(request: Request) -> Response:
        if invitation is None:
            return JSONResponse({"address": None, "code": None})
        shown = {"address": invitation.address, "code": spoken_code(invitation.code)}
        return JSONResponse(shown, headers={"cache-control": "no-store"})

    async def picture(request: Request) -> Response:
        if invitation is None:
            return refuse(404, "There is no join code: the page is for this machine alone.")
        return Response(
            qr_picture(invitation.link),
            media_type="image/svg+xml",
            headers={"cache-control": "no-store"},
        )

    return [Route("/api/join", about), Route("/api/join/qr.svg", picture)]

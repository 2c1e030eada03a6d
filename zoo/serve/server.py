"""Runs the web server of `zoo serve`."""

from __future__ import annotations

import dataclasses
import errno
import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

import uvicorn

from zoo.errors import ZooError
from zoo.serve.access import Access
from zoo.serve.addresses import outside_host, page_address
from zoo.serve.app import create_app
from zoo.serve.guard import guarded
from zoo.serve.join_routes import Invitation


@dataclasses.dataclass(frozen=True)
class Listening:
    """Where a server can be reached.

    Attributes:
        address: of the page, on this machine.
        invitation: for other machines; None without a join code.
    """

    address: str
    invitation: Invitation | None


def serve(
    bundles: Mapping[str, Path],
    host: str,
    port: int,
    access: Access,
    ready: Callable[[Listening], object],
    public_address: str | None = None,
    places: int | None = None,
) -> None:
    """Serve the page until SIGINT or SIGTERM.

    Args:
        bundles: name of a model → folder of its bundle.
        host: address to listen on; any but loopback makes the page reachable from the network.
        port: 0 for any free port.
        access: whom to let in, and what for.
        ready: called once the page accepts connections.
        public_address: URL of the page at a proxy; by default that of this machine.
        places: how many pages may train at once; by default as many as the workers can serve.

    Raises:
        ZooError: if the server cannot listen on this address and port.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        # On Windows, two servers could then listen on one port.
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(128)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error).rstrip(".")
            is_host = isinstance(error, socket.gaierror) or (
                isinstance(error, OSError) and error.errno == errno.EADDRNOTAVAIL
            )
            raise ZooError(
                f"The server cannot listen on port {port} of {host} ({reason}); "
                f"choose another {'--host' if is_host else '--port'}."
            ) from error
        listening = _listening(host, listener.getsockname()[1], access.code, public_address)
        app = create_app(bundles, places, access.read_only, listening.invitation)
        ready(listening)
        config = uvicorn.Config(
            guarded(app, access),
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=2,
            server_header=False,
        )
        uvicorn.Server(config).run(sockets=[listener])


def _listening(host: str, port: int, code: str | None, public_address: str | None) -> Listening:
    outside = outside_host(host)
    # A server on the unspecified address listens on the loopback interface, too.
    local = "127.0.0.1" if outside != host else host
    if code is None:
        return Listening(page_address(local, port), None)
    public_address = public_address or page_address(outside, port)
    return Listening(page_address(local, port), Invitation(public_address, code))

"""Runs the web server of `zoo serve`."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from pathlib import Path

import uvicorn

from zoo.errors import ZooError
from zoo.serve.access import access
from zoo.serve.app import create_app
from zoo.serve.guard import guarded

LOOPBACK = ("127.0.0.1", "localhost", "::1", "[::1]")


def serve(
    bundles: Mapping[str, Path], host: str, port: int, ready: Callable[[str], object]
) -> None:
    """Serve the page until SIGINT or SIGTERM.

    Args:
        bundles: name of a model → folder of its bundle.
        host: address to listen on; any but loopback makes the page reachable from the network.
        port: 0 for any free port.
        ready: called with the page's address once it accepts connections.

    Raises:
        ZooError: if the server cannot listen on this address and port.
    """
    app = guarded(create_app(bundles), access(host))
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise ZooError(
                f"The server cannot listen on port {port} of {host} ({reason}); "
                "choose another --port."
            ) from error
        listener.listen(128)
        shown = f"[{host}]" if ":" in host else host
        ready(f"http://{shown}:{listener.getsockname()[1]}/")
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, timeout_graceful_shutdown=2
        )
        uvicorn.Server(config).run(sockets=[listener])

"""`zoo serve`: the page on a port of this machine until it is stopped."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from pathlib import Path

import uvicorn

from zoo.errors import ZooError
from zoo.serve.app import create_app

LOOPBACK = ("127.0.0.1", "localhost", "::1", "[::1]")


def serve(
    bundles: Mapping[str, Path], host: str, port: int, ready: Callable[[str], object]
) -> None:
    """Serve the page until SIGINT or SIGTERM.

    Args:
        bundles: folders by the name they are asked under.
        host: address to listen on; any but loopback lets others on the network in.
        port: 0 for any that is free.
        ready: called with the page's address once it takes connections.

    Raises:
        ZooError: if the address cannot be listened on.
    """
    hosts = LOOPBACK if host in LOOPBACK else ("*",)
    app = create_app(bundles, hosts)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise ZooError(
                f"Port {port} of {host} cannot be listened on ({reason}); choose another --port."
            ) from error
        listener.listen(128)
        shown = f"[{host}]" if ":" in host else host
        ready(f"http://{shown}:{listener.getsockname()[1]}/")
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, timeout_graceful_shutdown=2
        )
        uvicorn.Server(config).run(sockets=[listener])

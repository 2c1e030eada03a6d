"""`zoo serve`: the page on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zoo.cli.output import say
from zoo.errors import ZooError


def serve(
    bundles: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="BUNDLE",
            help="Bundles' folders or shipped models' names; all shipped by default.",
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; any but loopback lets others in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 for any that is free.")] = 8000,
) -> None:
    """Open a web page on this machine: ask a model, watch one learn, read the cards."""
    from zoo.bundles.shipped import find_bundle, list_shipped

    wanted = bundles or list_shipped()
    # A run's bundle goes by the run's name: every one of them lies in a folder "bundle".
    named = {Path(bundle).resolve().name: find_bundle(bundle) for bundle in wanted}
    if len(named) < len(wanted):
        raise ZooError("Two of the bundles' folders have the same name; rename one.")
    try:
        from zoo.serve import server
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("zoo"):
            raise
        raise ZooError(
            f'The page needs {error.name}; run: pip install "lecture-zoo[serve]".'
        ) from error
    server.serve(
        named, host, port, lambda address: say(f"The page is at {address} (Ctrl+C ends it).")
    )

"""`zoo serve`: the web page on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zoo.cli.output import print_line
from zoo.errors import ZooError


def serve(
    bundles: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="BUNDLE",
            help="Folders of bundles, or names of shipped models; all of these by default.",
        ),
    ] = None,
    host: Annotated[
        str,
        typer.Option(help="Address to listen on; all but loopback admit other machines."),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 picks a free one.")] = 8000,
) -> None:
    """Serve a web page: try a model, watch one train, read the model cards."""
    from zoo.bundles.shipped import find_bundle, list_shipped

    wanted = bundles or list_shipped()
    # The bundle of a run is named after the run: its own folder is always "bundle".
    named = {Path(bundle).resolve().name: find_bundle(bundle) for bundle in wanted}
    if len(named) < len(wanted):
        raise ZooError("Two of the bundles have the same name; rename the folder of one.")
    try:
        from zoo.serve import server
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("zoo"):
            raise
        raise ZooError(
            f'The page needs {error.name}; run: pip install "lecture-zoo[serve]".'
        ) from error
    server.serve(
        named,
        host,
        port,
        lambda address: print_line(f"The page is at {address} (stop it with Ctrl-C)."),
    )

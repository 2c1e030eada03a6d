"""`zoo serve`: the web page on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zoo.cli.output import console, print_line
from zoo.errors import ZooError

if TYPE_CHECKING:
    from zoo.serve.server import Listening


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
    code: Annotated[
        str | None,
        typer.Option(
            envvar="ZOO_SERVE_CODE",
            help="Join code, asked of everybody, this machine included; by default a random one "
            "is asked of other machines.",
            show_envvar=True,
        ),
    ] = None,
    address: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Address of the page for the QR code, as behind a proxy; by default this "
            "machine's.",
        ),
    ] = None,
    places: Annotated[
        int | None,
        typer.Option(
            help="How many pages may train at once, 1 to 1,000; by default 30 per worker."
        ),
    ] = None,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Answer photos and numbers, but train nothing.")
    ] = False,
) -> None:
    """Serve a web page: try a model, watch one train, read the model cards.

    Other machines need the join code that is printed with a QR code.
    """
    from zoo.bundles.shipped import find_bundle, list_shipped

    if places is not None and not 1 <= places <= 1000:
        raise ZooError(f"--places is {places}; give a whole number from 1 to 1,000.")
    wanted = bundles or list_shipped()
    # The bundle of a run is named after the run: its own folder is always "bundle".
    named = {Path(bundle).resolve().name: find_bundle(bundle) for bundle in wanted}
    if len(named) < len(wanted):
        raise ZooError("Two of the bundles have the same name; rename the folder of one.")
    try:
        from zoo.serve import server
        from zoo.serve.access import access
        from zoo.serve.addresses import check_public_address
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
        access(host, code, read_only),
        _print_addresses,
        check_public_address(address) if address else None,
        places,
    )


def _print_addresses(listening: Listening) -> None:
    """Print where the page is, and for other machines the join code and its QR code."""
    from zoo.serve.access import spoken_code
    from zoo.serve.addresses import qr_text

    if invitation := listening.invitation:
        print_line(f"Join at {invitation.address} with the code {spoken_code(invitation.code)}:")
        # Light modules must be light also where the terminal's background is.
        console().print(qr_text(invitation.link), style="bright_white on black", soft_wrap=True)
        print_line(invitation.link)
    print_line(f"The page is at {listening.address} (stop it with Ctrl-C).")

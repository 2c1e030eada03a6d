"""All commands, the options that precede a command, and `main`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from zoo.cli.bundles import benchmark, evaluate, export, predict, verify
from zoo.cli.commands import Commands, PhotoCommand
from zoo.cli.data import data_app
from zoo.cli.info import info
from zoo.cli.models import describe, list_models
from zoo.cli.output import DEBUG, DEBUG_VARIABLE, print_line, run_command
from zoo.cli.plot import plot_app
from zoo.cli.plugins import PLUGIN, name_plugins
from zoo.cli.reports import compare, report
from zoo.cli.serve import serve
from zoo.cli.train import train

app = Commands(
    name="zoo",
    help="Build, train, export and run the models of an introductory neural-network lecture.",
)
app.command("list")(list_models)
app.command("describe")(describe)
app.command("train")(train)
app.command("export")(export)
app.command("predict", cls=PhotoCommand)(predict)
app.command("evaluate")(evaluate)
app.command("verify")(verify)
app.command("benchmark")(benchmark)
app.command("report")(report)
app.command("compare")(compare)
app.command("serve")(serve)
app.command("info")(info)
app.add_typer(data_app, name="data")
app.add_typer(plot_app, name="plot")


def _version(asked: bool) -> None:
    if asked:
        from zoo import __version__

        print_line(f"zoo {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_version)
    ] = False,
    debug: Annotated[
        bool,
        typer.Option(DEBUG, help=f"Print the traceback of an error, as {DEBUG_VARIABLE}=1 does."),
    ] = False,
    plugin: Annotated[
        list[str] | None,
        typer.Option(
            PLUGIN,
            help="Use the models and data sets of this plugin too; repeat it.",
            metavar="MODULE|FILE",
        ),
    ] = None,
) -> None:
    """Declare the options that precede a command."""


def main() -> None:
    """Run the command line; bad input is one sentence on standard error and exit code 2.

    Raises:
        SystemExit: with one of `zoo.errors.EXIT_CODES`.
    """
    sys.exit(run_command(_parse, sys.argv[1:]))


def _parse(words: list[str]) -> int | None:
    return app(name_plugins(words), prog_name="zoo", standalone_mode=False)

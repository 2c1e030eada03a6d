"""`zoo report` and `zoo compare`: HTML pages about runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zoo.cli.options import DataDir, Run
from zoo.cli.output import print_line
from zoo.cli.plugins import import_tensorflow


def report(
    run: Run,
    to: Annotated[
        Path | None, typer.Option(help="The page; RUN/report.html by default.", metavar="FILE")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Write a self-contained HTML page about a finished run."""
    import_tensorflow()
    from zoo.reports import report as pages

    print_line(f"Report: {pages.report(run, to, data_dir)}")


def compare(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN", help="Folders of finished runs.")],
    to: Annotated[Path, typer.Option(help="The page.", metavar="FILE")] = Path("compare.html"),
) -> None:
    """Write a self-contained HTML page that compares finished runs."""
    import_tensorflow()
    from zoo.reports import report as pages

    print_line(f"Comparison: {pages.compare(runs, to)}")

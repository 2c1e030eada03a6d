"""Arguments and options that several `zoo plot` commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

To = Annotated[Path, typer.Option(help="The file to write, .png or .svg.", metavar="FILE")]
Trained = Annotated[
    str,
    typer.Argument(metavar="RUN|BUNDLE", help="A run, a bundle, or a shipped model's name."),
]
DataDir = Annotated[
    str | None,
    typer.Option(
        help="Folder of the data set; the one recorded in training by default.", metavar="FOLDER"
    ),
]

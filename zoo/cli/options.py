"""Arguments and options that several commands take, each declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[
    str, typer.Argument(metavar="MODEL", help="A model's name, as `zoo list` prints it.")
]
Bundle = Annotated[
    str,
    typer.Argument(metavar="BUNDLE", help="A bundle's folder, or a shipped model's name."),
]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a training.")]
DataDir = Annotated[
    str | None,
    typer.Option(help="Where the data set lies; TFDS_DATA_DIR if not given.", metavar="FOLDER"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
MaxDrop = Annotated[float, typer.Option(help="Points of accuracy a file may lie below Keras.")]
MinAgreement = Annotated[
    float, typer.Option(help="Percent of examples a file must decide as Keras does.")
]

"""Arguments and options that several commands share."""

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
Run = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, as `zoo train` writes it.")]
DataDir = Annotated[
    str | None,
    typer.Option(help="Folder of the data set; TFDS_DATA_DIR by default.", metavar="FOLDER"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
MaxDrop = Annotated[float, typer.Option(help="Largest accepted loss of accuracy, in points.")]
MaxIncrease = Annotated[
    float, typer.Option(help="Largest accepted increase of the error of values, in percent.")
]
MinAgreement = Annotated[
    float,
    typer.Option(
        help="Smallest accepted share of predictions equal to the Keras model's, in percent."
    ),
]

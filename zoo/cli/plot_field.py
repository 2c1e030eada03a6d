"""`zoo plot field`: solution, reference and error of a model of one or two inputs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zoo.cli.output import print_line
from zoo.cli.plot_options import DataDir
from zoo.cli.plugins import import_tensorflow


def field(
    trained: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN|BUNDLE",
            help="A run, a bundle, or a shipped model's name; with one input, one or several.",
        ),
    ],
    data_dir: DataDir = None,
    to: Annotated[
        Path, typer.Option(help="A .png or .svg for an image, a .gif for an animation.")
    ] = Path("field.png"),
) -> None:
    """Plot what a model of one or two inputs computes, beside the reference, and its error."""
    import_tensorflow()
    from zoo.plots import field_sources
    from zoo.plots.field import field_picture, save_field_animation
    from zoo.plots.style import FORMATS, require_format, save

    require_format(to, (".gif", *FORMATS))
    found, title = field_sources.open_field(trained, data_dir)
    if to.suffix == ".gif":
        print_line(str(save_field_animation(found, title, to)))
    else:
        print_line(str(save(field_picture(found, title), to)))

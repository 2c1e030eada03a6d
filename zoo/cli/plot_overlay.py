"""`zoo plot overlay`: predicted points and boxes on pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zoo.cli.output import print_line
from zoo.cli.plot_options import DataDir, To, Trained
from zoo.cli.plugins import import_tensorflow


def overlay(
    trained: Trained,
    photo: Annotated[
        Path | None,
        typer.Argument(metavar="PHOTO", help="A photo; else pictures of the test set are shown."),
    ] = None,
    data_dir: DataDir = None,
    to: To = Path("overlay.png"),
) -> None:
    """Draw predicted points or boxes on a photo, or on test pictures beside the true ones."""
    import_tensorflow()
    from zoo import edge
    from zoo.plots import overlay as drawing
    from zoo.plots import sources
    from zoo.plots.style import FORMATS, require_format, save

    require_format(to, FORMATS)
    source = sources.open_source(trained)
    source.require_plot("overlay")
    if photo is not None:
        pixels = edge.decode(str(photo))
        predicted = source.predictions(pixels[None])[0]
        title = f"{source.name}, {photo.name}"
        figure = drawing.photo_picture(pixels, predicted, source.targets, title)
    else:
        dataset = source.dataset(data_dir)
        found = source.predictions(dataset.test.x)
        title = source.test_title(dataset, found)
        figure = drawing.overlay_picture(
            dataset.test.x, found, dataset.test.y, source.targets, title
        )
    print_line(str(save(figure, to)))

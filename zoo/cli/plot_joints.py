"""`zoo plot joints`: where a classifier of patches finds joints in a photo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zoo.cli.output import print_line
from zoo.cli.plot_options import To, Trained
from zoo.cli.plugins import import_tensorflow


def joints(
    trained: Trained,
    photo: Annotated[Path, typer.Argument(metavar="PHOTO", help="A JPEG or PNG file.")],
    side: Annotated[
        float | None,
        typer.Option(
            help="Side of the window as a share of the photo's longer side, a quarter of the "
            "person's extent; by default the mean of 0.15, 0.2 and 0.25.",
            metavar="SHARE",
        ),
    ] = None,
    to: To = Path("joints.png"),
) -> None:
    """Plot a heat map of each joint over a photo, and its most likely place."""
    import_tensorflow()
    from zoo import edge
    from zoo.data.heat_maps import SIDES, heat_maps, require_joints
    from zoo.plots import sources
    from zoo.plots.joints import joints_picture
    from zoo.plots.style import FORMATS, require_format, save

    require_format(to, FORMATS)
    source = sources.open_source(trained)
    require_joints(source.name, source.targets, source.model.inputs[0].name == "image")
    pixels = edge.decode(str(photo))
    sides = SIDES if side is None else (side,)
    maps = heat_maps(source.outputs, source.targets, pixels, sides)
    print_line(str(save(joints_picture(pixels, maps, f"{source.name}, {photo.name}"), to)))

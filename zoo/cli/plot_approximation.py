"""`zoo plot approximation`: a function, a network that approximates it, and errors by width."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zoo.cli.output import print_line
from zoo.cli.plot_options import DataDir, To, Trained
from zoo.cli.plugins import import_tensorflow


def approximation(
    trained: Trained,
    data_dir: DataDir = None,
    seed: Annotated[int, typer.Option(help="Seed of the trainings.")] = 0,
    to: To = Path("approximation.png"),
) -> None:
    """Plot a function, the network and its error, and the error against the width.

    For the last, networks of several widths are trained by every recipe of the model, which takes
    about a minute.
    """
    import_tensorflow()
    from zoo.data.curves import curve_of
    from zoo.plots import approximation as drawing
    from zoo.plots.sources import open_source
    from zoo.plots.style import FORMATS, require_format, save
    from zoo.utils.choices import require_seed

    require_format(to, FORMATS)
    require_seed(seed)
    source = open_source(trained)
    spec = drawing.check_function(source)
    dataset = source.dataset(data_dir)
    outputs = source.outputs(dataset.test.x)
    drawn = drawing.approximation_picture(
        dataset,
        outputs,
        drawing.errors_by_width(spec, dataset, seed=seed),
        drawing.error_bounds(curve_of(dataset.name)),
        source.test_title(dataset, outputs),
        source.task.primary.title,
    )
    print_line(str(save(drawn, to)))

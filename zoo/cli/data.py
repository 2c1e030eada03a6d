"""`zoo data …`: list, show, download, clear the cache."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zoo.cli.commands import Commands
from zoo.cli.options import DataDir
from zoo.cli.output import console, print_line
from zoo.cli.plugins import import_tensorflow
from zoo.errors import ZooError
from zoo.utils.text import printable

if TYPE_CHECKING:
    from zoo.data import Dataset

# More classes are summarised in a sentence.
_MOST_LISTED = 100

data_app = Commands(help="Data sets: list them, show them, download them, empty the cache.")


@data_app.command("list")
def list_datasets() -> None:
    """List the data sets and the size of the cache."""
    from rich.table import Table

    from zoo import data

    table = Table("data set", "kind", "source", "summary", box=None)
    for name in data.list_datasets():
        spec = data.describe(name)
        table.add_row(name, spec.kind, spec.source, spec.summary)
    for place in data.PLACES.values():
        table.add_row(place.pattern, place.inputs, "yours", place.summary)
    console().print(table)
    sizes = data.cache.sizes()
    print_line(
        f"The cache of decoded photos, {data.cache.root()}, holds "
        f"{_megabytes(sum(sizes.values()))}{':' * bool(sizes)}"
    )
    for name, size in sizes.items():
        print_line(f"  {name or 'of former versions'}  {_megabytes(size)}")
    if sizes:
        print_line("`zoo data clear` empties it; `zoo data clear NAME` removes one data set.")


@data_app.command("prepare")
def prepare(
    name: Annotated[
        str, typer.Argument(metavar="DATASET", help="A name, as `zoo data list` prints it.")
    ],
    data_dir: DataDir = None,
) -> None:
    """Download a data set and prepare it for training."""
    from zoo import data

    if data.describe(name).source == "tfds":
        import_tensorflow()
    folder = data.prepare(name, data_dir)
    print_line(f"{name} is ready in {folder}." if folder else f"{name} needs no preparation.")


@data_app.command("show")
def show(
    name: Annotated[
        str, typer.Argument(metavar="DATASET", help="A name, as `zoo data list` prints it.")
    ],
    data_dir: DataDir = None,
    target: Annotated[
        str | None, typer.Option(help="For a table: the column to predict.", metavar="COLUMN")
    ] = None,
    to: Annotated[
        Path, typer.Option(help="The file to write, .png or .svg.", metavar="FILE")
    ] = Path("data.png"),
) -> None:
    """Plot training examples of a data set, and print how many it has of each class."""
    from zoo import data
    from zoo.data.summary import sentences

    if data.describe(name).source == "tfds":
        import_tensorflow()
    try:
        from zoo.plots.examples import examples_picture
        from zoo.plots.style import FORMATS, require_format, save
    except ImportError as error:
        missing = (error.name or "").partition(".")[0]
        raise ZooError(
            f"Plotting needs {missing}; install it with `pip install 'lecture-zoo[train]'`."
        ) from error
    from zoo.training.reporter import Terminal

    require_format(to, FORMATS)
    dataset = data.load(name, data_dir, target=target, progress=Terminal(console()).decoding)
    for sentence in sentences(dataset):
        print_line(sentence)
    if dataset.labels and len(dataset.labels) <= _MOST_LISTED:
        _print_counts(dataset)
    print_line(str(save(examples_picture(dataset, dataset.name), to)))


def _print_counts(dataset: Dataset) -> None:
    from rich.table import Table

    from zoo.data.summary import class_counts

    counts = class_counts(dataset)
    table = Table("class", *counts, box=None)
    for index, label in enumerate(dataset.labels):
        table.add_row(printable(label), *(f"{of_split[index]:,}" for of_split in counts.values()))
    console().print(table)


@data_app.command("clear")
def clear(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[DATASET]", help="Its photos only; all photos by default."),
    ] = None,
) -> None:
    """Empty the cache of decoded photos; the next training decodes them again."""
    from zoo import data
    from zoo.utils.choices import require_choice

    cached = [cached for cached in data.cache.sizes() if cached]
    of, place = (name, None) if name is None or name in cached else data.cached_as(name)
    if of not in (None, *cached):
        if cached:
            require_choice("data set in the cache", str(name), cached)
        # Nothing is cached: a mistyped name is a mistake all the same.
        data.describe(str(name))
    freed = _megabytes(data.cache.clear(of, place))
    print_line(f"Removed {freed}{f' of {name}' if name else ''} from {data.cache.root()}.")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"

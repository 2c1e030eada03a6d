"""`zoo data …`: list, download, clear the cache."""

from __future__ import annotations

from typing import Annotated

import typer

from zoo.cli.commands import Commands
from zoo.cli.options import DataDir
from zoo.cli.output import console, print_line
from zoo.cli.plugins import import_tensorflow

data_app = Commands(help="Data sets: list them, download them, empty the cache.")


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
    if name is not None and cached:
        require_choice("data set in the cache", name, cached)
    print_line(f"Removed {_megabytes(data.cache.clear(name))} from {data.cache.root()}.")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"

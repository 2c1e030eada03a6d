"""`zoo list` and `zoo describe`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from zoo.cli.options import Model
from zoo.cli.output import console, print_line

if TYPE_CHECKING:
    from rich.table import Table


def list_models(
    task: Annotated[str | None, typer.Option(help="threshold, sign, classes or values.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Only models of this data set.")] = None,
) -> None:
    """List the models, then the slides of the lecture with their models and commands."""
    from rich.table import Table

    from zoo import models

    table = Table("model", "task", "data set", "summary", box=None)
    for name in models.list_models(task, dataset):
        spec = models.describe(name)
        table.add_row(name, spec.task.name, spec.dataset, spec.summary)
    console().print(table)
    if task is None and dataset is None:
        print_line("")
        console().print(_slides())


def _slides() -> Table:
    """Return the slides of the lecture, each with its models and commands."""
    from rich.table import Table

    from zoo import models
    from zoo.registry.slides import SLIDES

    specs = [models.describe(name) for name in models.list_models()]
    table = Table("slide", "title", "models and commands", box=None)
    for slide in SLIDES:
        shown_by = ", ".join(spec.name for spec in specs if slide.number in spec.slides)
        lines = [*([shown_by] if shown_by else []), *slide.commands]
        table.add_row(str(slide.number), slide.title, "\n".join(lines))
    return table


def describe(
    name: Model,
    recipe: Annotated[
        str | None, typer.Option(help="Only this recipe; for --toml, by default the first.")
    ] = None,
    toml: Annotated[
        bool, typer.Option("--toml", help="Print the recipe as a TOML file for `zoo train`.")
    ] = False,
) -> None:
    """Describe a model, its options and its recipes."""
    from zoo import models
    from zoo.registry.results import result_of
    from zoo.utils.choices import require_choice

    spec = models.describe(name)
    if recipe is not None:
        require_choice("recipe", recipe, spec.recipes, of=name)
    if toml:
        print_line(spec.recipes[recipe or next(iter(spec.recipes))].to_toml().rstrip("\n"))
        return
    slides = ", ".join(str(slide) for slide in spec.slides)
    lines = [
        spec.name,
        "",
        spec.description,
        "",
        f"Equation: {spec.equation}",
        f"Output:   {spec.output_text()}",
        f"Task:     {spec.task.name}; data set {spec.dataset}"
        + (f"; slide{'s' * (len(spec.slides) > 1)} {slides}" if slides else ""),
        "Options:  " + " ".join(f"{option}={value}" for option, value in spec.options.items()),
        "Recipes:",
    ]
    measured_on = []
    for recipe_name, described in spec.recipes.items():
        if recipe not in (None, recipe_name):
            continue
        lines.append(f"  {recipe_name}: {described.text()}")
        if result := result_of(spec.name, recipe_name):
            lines.append(f"    {result.summary()}")
            measured_on.append(f"Measured on {result.measured_on()}.")
    lines += dict.fromkeys(measured_on)
    print_line("\n".join(lines))

"""`zoo plot …`: pictures of runs and bundles, as PNG or SVG."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

plot_app = typer.Typer(help="Pictures of runs, bundles and models.", no_args_is_help=True)

To = Annotated[Path, typer.Option(help="The picture: a .png or .svg.", metavar="FILE")]
Trained = Annotated[str, typer.Argument(help="A run, a bundle, or a shipped model's name.")]
DataDir = Annotated[
    str | None, typer.Option(help="Where the data set lies, if not where it lay in training.")
]


@plot_app.command("curves")
def curves(runs: list[Path], to: To = Path("curves.png")):
    """Draw loss and accuracy over the epochs of one or several runs."""
    _tensorflow()
    from zoo.plots import sources
    from zoo.plots.curves import learning_curves

    histories = {run.name or str(run): sources.history(run) for run in runs}
    _save(learning_curves(histories, f"Training of {', '.join(histories)}"), to)


@plot_app.command("confusion")
def confusion(trained: Trained, data_dir: DataDir = None, to: To = Path("confusion.png")):
    """Draw which label is taken for which on the test set."""
    _tensorflow()
    from zoo.plots import sources
    from zoo.plots.confusion import confusion_matrix, confusion_picture

    source = sources.open_source(trained)
    dataset = source.dataset(data_dir)
    counts = confusion_matrix(dataset.test.y, source.decide(dataset.test.x), dataset.labels)
    right = 100 * counts.trace() / counts.sum()
    title = f"{source.name} on {dataset.name}'s test set: {right:.2f} % right"
    _save(confusion_picture(counts, dataset.labels, title), to)


@plot_app.command("weights")
def weights(trained: Trained, to: To = Path("weights.png")):
    """Draw W of a linear model of photos, a picture per label."""
    _tensorflow()
    from zoo.plots import sources
    from zoo.plots.weights import weight_pictures

    source = sources.open_source(trained)
    _save(weight_pictures(source.model, source.labels, f"{source.name}: W"), to)


@plot_app.command("boundary")
def boundary(trained: Trained, data_dir: DataDir = None, to: To = Path("boundary.png")):
    """Draw where a model of two numbers changes its mind."""
    _tensorflow()
    from zoo.models import describe
    from zoo.plots import sources
    from zoo.plots.boundary import boundary_picture

    source = sources.open_source(trained)
    dataset = source.dataset(data_dir)
    title = f"{source.name} on {dataset.name}"
    threshold = describe(source.name).threshold
    _save(boundary_picture(source.model, dataset.test, threshold, title), to)


@plot_app.command("learning")
def learning(
    model: Annotated[str, typer.Argument(help="A model of two numbers: perceptron or xor_mlp.")],
    dataset: Annotated[str | None, typer.Option(help="and, or, xor, blobs …")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="The recipe's by default.")] = None,
    seed: Annotated[int, typer.Option(help="Of the weights and of the order.")] = 0,
    to: Annotated[
        Path, typer.Option(help="A .gif for an animation, a .png or .svg for a still.")
    ] = Path("learning.gif"),
):
    """Train a model of two numbers and draw how its boundary moves."""
    _tensorflow()
    import keras

    from zoo import data
    from zoo.choices import require_seed
    from zoo.models import build, describe
    from zoo.plots import learning as drawing
    from zoo.plots.boundary import check_plane
    from zoo.plots.style import FORMATS, require_format
    from zoo.training.run import check_fits

    require_format(to, (".gif", *FORMATS))
    require_seed(seed)
    moves = to.suffix == ".gif"
    spec = describe(model)
    keras.utils.set_random_seed(seed)
    learner = build(model)
    check_plane(learner)
    given = data.load(dataset or spec.dataset)
    check_fits(learner, spec, given)
    split, recipe = given.train, spec.recipe
    found = drawing.stages(
        learner,
        split,
        spec.threshold,
        epochs or recipe.epochs,
        recipe.batch_size,
        24 if moves else 8,
    )
    title = f"{model} learns {given.name}"
    if moves:
        print(drawing.save_animation(found, split, spec.threshold, title, to))
    else:
        _save(drawing.stages_picture(found, split, spec.threshold, title), to)


@plot_app.command("examples")
def examples(trained: Trained, data_dir: DataDir = None, to: To = Path("examples.png")):
    """Draw the test images that a model is most and least certain about."""
    _tensorflow()
    from zoo.models import describe
    from zoo.plots import sources
    from zoo.plots.certainty import certainty_picture

    source = sources.open_source(trained)
    dataset = source.dataset(data_dir)
    outputs = source.outputs(dataset.test.x)
    threshold = describe(source.name).threshold
    decided = sources.decisions(outputs, threshold)
    right = 100 * (decided == dataset.test.y).mean()
    title = f"{source.name} on {dataset.name}'s test set: {right:.2f} % right"
    _save(certainty_picture(dataset.test, outputs, threshold, dataset.labels, title), to)


@plot_app.command("pipeline")
def pipeline(trained: Trained, photo: Path, to: To = Path("pipeline.png")):
    """Draw slide 16 for one photo: gray, resize, W ⊙ x, sum, score, verdict."""
    _tensorflow()
    from zoo import edge
    from zoo.plots import sources
    from zoo.plots.pipeline import pipeline_picture

    source = sources.open_source(trained)
    title = f"{source.name} looks at {photo.name}"
    pixels = edge.decode(str(photo))
    _save(pipeline_picture(source.model, pixels, source.labels, title), to)


@plot_app.command("activations")
def activations(to: To = Path("activations.png")):
    """Draw the lecture's ten activations with their derivatives."""
    _tensorflow()
    from zoo.plots.activations import activation_pictures

    _save(activation_pictures(), to)


def _save(figure, to: Path) -> None:
    from zoo.plots.style import save

    print(save(figure, to))


def _tensorflow() -> None:
    from zoo.quiet import import_tensorflow

    import_tensorflow()

"""`zoo plot …`: pictures of runs and bundles, as PNG or SVG."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zoo.cli.commands import Commands, PhotoCommand
from zoo.cli.output import print_line
from zoo.cli.plot_approximation import approximation
from zoo.cli.plot_field import field
from zoo.cli.plot_joints import joints
from zoo.cli.plot_options import DataDir, To, Trained
from zoo.cli.plot_overlay import overlay
from zoo.cli.plugins import import_tensorflow

if TYPE_CHECKING:
    from matplotlib.figure import Figure

plot_app = Commands(help="Plots of runs, bundles and models.")
plot_app.command("approximation")(approximation)
plot_app.command("overlay", cls=PhotoCommand)(overlay)
plot_app.command("field")(field)
plot_app.command("joints", cls=PhotoCommand)(joints)


@plot_app.command("curves")
def curves(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN", help="Run folders.")],
    to: To = Path("curves.png"),
) -> None:
    """Plot the learning curves of one or several runs: loss and the task's primary metric."""
    import_tensorflow()
    from zoo.plots import sources
    from zoo.plots.curves import grouped_curves

    groups = sources.histories(runs)
    names = [name for histories in groups.values() for name in histories]
    title = f"Training of {', '.join(names)}"
    _save(grouped_curves(groups, title, sources.metrics(runs)), to)


@plot_app.command("confusion")
def confusion(trained: Trained, data_dir: DataDir = None, to: To = Path("confusion.png")) -> None:
    """Plot the confusion matrix on the test set."""
    import_tensorflow()
    from zoo.plots import sources
    from zoo.plots.confusion import confusion_matrix, confusion_picture

    source = sources.open_source(trained)
    source.require_plot("confusion")
    dataset = source.dataset(data_dir)
    counts = confusion_matrix(dataset.test.y, source.predictions(dataset.test.x), dataset.labels)
    right = 100 * counts.trace() / counts.sum()
    title = f"{source.name}, test set of {dataset.name}: accuracy {right:.2f}\u00a0%"
    _save(confusion_picture(counts, dataset.labels, title), to)


@plot_app.command("predictions")
def predictions(
    trained: Trained, data_dir: DataDir = None, to: To = Path("predictions.png")
) -> None:
    """Plot predicted against true values on the test set."""
    import_tensorflow()
    from zoo.plots import sources
    from zoo.plots.predictions import predictions_picture

    source = sources.open_source(trained)
    source.require_plot("predictions")
    dataset = source.dataset(data_dir)
    found = source.predictions(dataset.test.x)
    title = source.test_title(dataset, found)
    _save(predictions_picture(dataset.test.y, found, dataset.values, title), to)


@plot_app.command("weights")
def weights(trained: Trained, to: To = Path("weights.png")) -> None:
    """Plot the weights W of a linear model of photos, one image per label."""
    import_tensorflow()
    from zoo.plots import sources
    from zoo.plots.weights import weight_pictures

    source = sources.open_source(trained)
    source.require_plot("weights")
    _save(weight_pictures(source.model, source.targets, f"{source.name}: W"), to)


@plot_app.command("boundary")
def boundary(trained: Trained, data_dir: DataDir = None, to: To = Path("boundary.png")) -> None:
    """Plot the decision boundary of a model with two inputs."""
    import_tensorflow()
    from zoo.plots import sources
    from zoo.plots.boundary import boundary_picture, check_plane
    from zoo.registry.tasks import threshold_of

    source = sources.open_source(trained)
    # Checked before the data is loaded, since no data would help.
    check_plane(source.model)
    source.require_plot("boundary")
    dataset = source.dataset(data_dir)
    title = f"{source.name}, test set of {dataset.name}"
    threshold = threshold_of(source.task)
    _save(boundary_picture(source.model, dataset.test, threshold, dataset.labels, title), to)


@plot_app.command("learning")
def learning(
    model: Annotated[
        str,
        typer.Argument(metavar="MODEL", help="A model with two inputs, such as perceptron."),
    ],
    dataset: Annotated[str | None, typer.Option(help="and, or, xor, blobs …")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="The recipe's by default.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of weights and order.")] = 0,
    to: Annotated[
        Path, typer.Option(help="A .gif for an animation, a .png or .svg for an image.")
    ] = Path("learning.gif"),
) -> None:
    """Train a model with two inputs and plot how its decision boundary moves."""
    import_tensorflow()
    import keras

    from zoo import data
    from zoo.models import build, describe
    from zoo.plots import learning as drawing
    from zoo.plots.boundary import check_plane
    from zoo.plots.style import FORMATS, require_format
    from zoo.registry.tasks import threshold_of
    from zoo.training.run import check_fits
    from zoo.utils.choices import require_seed

    require_format(to, (".gif", *FORMATS))
    require_seed(seed)
    moves = to.suffix == ".gif"
    spec = describe(model)
    keras.utils.set_random_seed(seed)
    trained = build(model)
    check_plane(trained)
    spec.task.require_plot("learning", model)
    given = data.load(dataset or spec.dataset)
    check_fits(trained, spec, given)
    split, recipe = given.train, spec.recipe
    found = drawing.snapshots(
        trained,
        split,
        threshold_of(spec.task),
        epochs or recipe.epochs,
        recipe.batch_size,
        24 if moves else 8,
    )
    title = f"{model} on the data set {given.name!r}"
    if moves:
        print_line(
            str(
                drawing.save_animation(
                    found, split, threshold_of(spec.task), given.labels, title, to
                )
            )
        )
    else:
        _save(
            drawing.snapshots_figure(found, split, threshold_of(spec.task), given.labels, title), to
        )


@plot_app.command("examples")
def examples(trained: Trained, data_dir: DataDir = None, to: To = Path("examples.png")) -> None:
    """Plot the test images that a model is most and least certain about."""
    import_tensorflow()
    from zoo.plots import sources
    from zoo.plots.certainty import certainty_picture

    source = sources.open_source(trained)
    source.require_plot("examples")
    dataset = source.dataset(data_dir)
    outputs = source.outputs(dataset.test.x)
    decided = source.task.predictions(outputs)
    right = 100 * (decided == dataset.test.y).mean()
    title = f"{source.name}, test set of {dataset.name}: accuracy {right:.2f}\u00a0%"
    _save(certainty_picture(dataset.test, outputs, source.task, dataset.labels, title), to)


@plot_app.command("pipeline", cls=PhotoCommand)
def pipeline(
    trained: Trained,
    photo: Annotated[Path, typer.Argument(metavar="PHOTO", help="A JPEG or PNG file.")],
    to: To = Path("pipeline.png"),
) -> None:
    """Plot slide 16 for one photo: gray, resize, W ⊙ x, sum, score, label."""
    import_tensorflow()
    from zoo import edge
    from zoo.plots import sources
    from zoo.plots.pipeline import pipeline_picture

    source = sources.open_source(trained)
    source.require_plot("pipeline")
    title = f"{source.name}, {photo.name}"
    pixels = edge.decode(str(photo))
    _save(pipeline_picture(source.model, pixels, source.targets, title, source.task), to)


@plot_app.command("activations")
def activations(to: To = Path("activations.png")) -> None:
    """Plot the lecture's ten activations with their derivatives."""
    import_tensorflow()
    from zoo.plots.activations import activation_pictures

    _save(activation_pictures(), to)


def _save(figure: Figure, to: Path) -> None:
    from zoo.plots.style import save

    print_line(str(save(figure, to)))

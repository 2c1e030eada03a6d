"""A process that exports one training of the page: `python -m zoo.serve.export_worker FOLDER`.

It reads one message, {"settings", "updates", "edits"} and a state, from standard input, and writes
FOLDER/bundle.zip, or one sentence to FOLDER/error.txt.
"""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zoo.errors import ZooError
from zoo.serve import pipes
from zoo.serve.settings import PlaneSettings
from zoo.serve.states import read_state
from zoo.utils.processes import lower_priority
from zoo.utils.quiet import import_tensorflow

# The program that repeats the training, in the bundle's folder.
PROGRAM = "playground.py"


def export(
    folder: Path,
    settings: PlaneSettings,
    state: bytes,
    updates: int,
    edits: Sequence[dict[str, Any]],
) -> Path:
    """Export a training as a bundle and return the bundle's folder.

    Args:
        folder: an empty folder; the run's folder and the bundle are created in it.
        settings: of the training.
        state: of it, from `zoo.serve.states.state_bytes`.
        updates: that were made.
        edits: weights set by hand, as for `PlaneProgram.python`.

    Raises:
        ZooError: if the training has diverged, or a file differs too much from the Keras model.
    """
    from zoo.export.bundle import export_run
    from zoo.registry.tasks import Limits
    from zoo.serve.programs.base import RecentlyUsed
    from zoo.serve.programs.plane import PlaneTraining, dataset_of
    from zoo.serve.programs.plane_graph import registered
    from zoo.training.given_model import write_run

    training = PlaneTraining(settings, RecentlyUsed(1))
    points = dataset_of(settings)
    name, options = registered(settings)
    model = training.model(read_state(state))
    # Keras's AdamW has one of its own, which the page does not ask for.
    decay = model.optimizer.weight_decay or 0.0
    recipe, epochs = recipe_of(settings, len(points.train), updates, bool(edits), options, decay)
    write_run(
        folder / "run",
        name,
        model,
        points,
        recipe=recipe,
        epochs=epochs,
        steps=updates,
        seed=settings.seed,
        remedy="choose a smaller learning rate",
    )
    bundle = export_run(
        folder / "run",
        folder / f"{settings.data}-{updates}",
        # The page computes in float32; other kinds would be measured on too few test points.
        kinds=("float32",),
        # Of one point, or where all answers are alike, none is the same to a share of their range.
        # That the file differs by less than 1e-5 of the largest answer is checked nevertheless.
        limits=Limits(min_agreement=0),
        dataset=points,
    )
    program = training.python(updates, list(edits))
    (bundle / PROGRAM).write_text(program, encoding="utf-8")
    return bundle


def recipe_of(
    settings: PlaneSettings,
    examples: int,
    updates: int,
    edited: bool,
    options: dict[str, Any],
    weight_decay: float,
) -> tuple[Any, int]:
    """Return the recipe of a training, and how many epochs it has finished.

    Args:
        settings: of the training.
        examples: number of training points.
        updates: that were made.
        edited: whether a weight was set by hand.
        options: of the model's builder.
        weight_decay: of the optimizer.
    """
    from zoo.registry.recipes import Recipe

    size = 1 if settings.model == "perceptron" else min(settings.batch_size, examples)
    per_epoch = -(-examples // size)
    by_hand = ", with weights set by hand" if edited else ""
    momentum = settings.optimizer == "momentum"
    recipe = Recipe(
        epochs=max(1, -(-updates // per_epoch)),
        batch_size=size,
        learning_rate=settings.learning_rate,
        optimizer="sgd" if momentum else settings.optimizer,
        momentum=0.9 if momentum else 0.0,
        weight_decay=weight_decay,
        options=options,
        note=f"{updates:,} updates in the playground of `zoo serve`{by_hand}; `{PROGRAM}` in this "
        "folder repeats them.",
    )
    return recipe, updates // per_epoch


def write_zip(path: Path, bundle: Path) -> None:
    """Write the files of a bundle's folder to a ZIP file, below the folder's name."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(bundle.rglob("*")):
            if file.is_file():
                archive.write(file, Path(bundle.name) / file.relative_to(bundle))


def main() -> None:
    """Export the training of the message on standard input."""
    folder = Path(sys.argv[1])
    message = pipes.read(sys.stdin.buffer)
    assert message is not None
    header = json.loads(message[0])
    # The trainings of other pages go first.
    lower_priority()
    try:
        import_tensorflow()
        settings = PlaneSettings.model_validate_json(header["settings"])
        bundle = export(folder, settings, message[1], header["updates"], header["edits"])
        write_zip(folder / "writing.zip", bundle)
        (folder / "writing.zip").rename(folder / "bundle.zip")
    except ZooError as error:
        (folder / "error.txt").write_text(str(error), encoding="utf-8")


if __name__ == "__main__":
    main()

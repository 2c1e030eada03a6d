"""A run's trained model: saved, loaded if it is the one that the run's files describe, measured."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from zoo import data
from zoo.data.dataset import target_names
from zoo.errors import ZooError
from zoo.models import describe
from zoo.nn.loading import load_model
from zoo.registry.tasks import Metric
from zoo.training import examples, identity, precision
from zoo.training.checks import check_fits
from zoo.training.context import TrainingContext
from zoo.training.evaluation import Evaluation
from zoo.training.run_folder import RunFolder, check_dataset
from zoo.utils.files import replacing

# In points. Two processors sum in other orders; a model trained in half precision was evaluated so.
_SAME_POINTS, _SAME_IN_HALF = 0.2, 1.0


def compile_with(model: keras.Model, optimizer: keras.Optimizer) -> None:
    """Compile a model again: with another optimizer, and the loss and metrics it has."""
    settings = keras.saving.deserialize_keras_object(model.get_compile_config())
    model.compile(**{**settings, "optimizer": optimizer})


def save_trained(context: TrainingContext, path: Path) -> None:
    """Save a trained model: float32, compiled as it was trained, its optimizer at the start.

    What the optimizer remembers of the training, up to twice the size of the weights, is in the
    checkpoints and not in this file.

    Args:
        context: of the training, whose solver has ended.
        path: of the file; a file that is there is replaced once the new one is whole.

    Raises:
        ZooError: if the disk refuses.
    """
    model = context.model
    optimizer = model.get_compile_config()["optimizer"]
    if context.recipe.precision != "float32":
        # A layer's precision cannot be changed; its weights are float32 under every one.
        with precision.policy("float32"):
            model = context.spec.builder(**context.recipe.options)
        model.set_weights(context.model.get_weights())
    # Outside the strategy: all workers make its variables together, but the chief saves alone.
    compile_with(model, keras.optimizers.deserialize(optimizer))
    with replacing(path) as temporary:
        model.save(temporary)


def load_trained(folder: RunFolder) -> keras.Model:
    """Load a run's trained model, and check that it is the model that its files describe.

    Raises:
        ZooError: if there is none, it is not the file that results.json was measured on, or it is
            built otherwise than config.json says.
    """
    config = folder.config()
    folder.check_model()
    model = load_model(folder.path)
    builder = describe(config["model"]).builder
    if identity.layers_of(model) != identity.layers_of(builder(**config["options"])):
        options = " ".join(f"{name}={value}" for name, value in config["options"].items())
        raise ZooError(
            f"{folder.model_path} is not the model of this run, a {config['model']} with "
            f"{options}; put its own model.keras back, or train it again."
        )
    return model


def check_figure(folder: RunFolder, metric: Metric, found: Mapping[str, float]) -> None:
    """Raise one sentence unless a run's model is as good as its results.json says.

    Args:
        folder: of the run.
        metric: to compare by.
        found: metrics measured now on the same test set, by name.

    Raises:
        ZooError: if it is another model's.
    """
    stated = (folder.results() or {}).get("test", {}).get(metric.name)
    half = folder.config().get("precision", "float32") != "float32"
    points = _SAME_IN_HALF if half else _SAME_POINTS
    if stated is not None and not metric.is_near(stated, found[metric.name], points):
        raise ZooError(
            f"{folder.model_path} has {metric.title} {metric.text(found[metric.name])} on the test "
            f"set, and results.json says {metric.text(stated)}: it is not the model of this run; "
            "put its own model.keras back, or train it again."
        )


def evaluate(
    path: str | Path,
    data_dir: str | Path | None = None,
    *,
    dataset: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Evaluate a run folder's trained model on its data set's test split, or on another one's.

    Args:
        path: a run folder.
        data_dir: where the data set lies, if not where it lay in training.
        dataset: the name of the data set to measure on, which may then be another than the one
            of the training, with the same labels; by default it is that one and no other.
        progress: called with (done, total) while photos are decoded.

    Returns:
        {"model", "dataset": {"name", "fingerprint"}, "examples", "test": {metric: value}}.

    Raises:
        ZooError: if it is not a run folder, its model is not the one that was trained, or the
            data set is missing, has other labels, or is another one and was not asked for.
    """
    folder = RunFolder(path)
    config = folder.config()
    folder.check_model()
    trained_on = config["dataset"]
    spec = describe(config["model"])
    given = data.load(
        dataset or trained_on["name"], data_dir or config["data_dir"], progress=progress
    )
    fingerprint = None if dataset else trained_on["fingerprint"]
    check_dataset(str(folder.path), target_names(trained_on), fingerprint, given)
    model = load_model(folder.path)
    check_fits(model, spec, given)
    task = spec.task_of(model)
    test = given.test.map_targets(task.targets)
    strategy = tf.distribute.get_strategy()
    with contextlib.closing(examples.choose("auto", model, strategy, test)) as chosen_examples:
        metrics = Evaluation(model, strategy, chosen_examples, task).run()
    return {
        "model": spec.name,
        "dataset": {"name": given.name, "fingerprint": given.fingerprint},
        "examples": len(given.test),
        "test": metrics,
    }

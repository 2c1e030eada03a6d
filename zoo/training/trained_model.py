"""Save, load and evaluate the trained model of a run."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from zoo import data
from zoo.data.dataset import Dataset, target_names, with_inputs
from zoo.errors import ZooError
from zoo.models import describe
from zoo.nn.loading import load_model
from zoo.registry.tasks import Metric
from zoo.training import examples, identity, precision
from zoo.training.checks import check_fits
from zoo.training.context import TrainingContext
from zoo.training.evaluation import Evaluation
from zoo.training.results import Results
from zoo.training.run_folder import RunFolder, check_dataset
from zoo.utils.files import replacing

# Percentage points, for rounding differences between processors and of half precision.
_SAME_POINTS, _SAME_IN_HALF = 0.2, 1.0


def compile_with(model: keras.Model, optimizer: keras.Optimizer) -> None:
    """Compile a model with another optimizer and the same loss and metrics."""
    settings = keras.saving.deserialize_keras_object(model.get_compile_config())
    model.compile(**{**settings, "optimizer": optimizer})


def save_trained(context: TrainingContext, path: Path) -> None:
    """Save a trained model in float32, compiled as in training, with a new optimizer.

    The optimizer's state, up to twice the size of the weights, is only in the checkpoints.

    Args:
        context: the context of the finished training.
        path: path of the file, which is replaced atomically.

    Raises:
        ZooError: if it cannot be written.
    """
    model = context.model
    optimizer = model.get_compile_config()["optimizer"]
    if context.recipe.precision != "float32":
        # A layer's precision cannot be changed; its weights are float32 in every precision.
        with precision.policy("float32"):
            model = context.spec.builder(**context.recipe.options)
        model.set_weights(context.model.get_weights())
    # Outside the strategy's scope, in which all workers would have to create variables together.
    compile_with(model, keras.optimizers.deserialize(optimizer))
    with replacing(path) as temporary:
        model.save(temporary)


def load_trained(folder: RunFolder) -> keras.Model:
    """Load a run's trained model and check that it is the model of this run.

    Raises:
        ZooError: if it is missing, is not the file that results.json was measured on, or does not
            have the architecture of config.json.
    """
    config = folder.config()
    folder.check_model()
    model = load_model(folder.path)
    builder = describe(config["model"]).builder
    if identity.layers_of(model) != identity.layers_of(builder(**config["options"])):
        options = " ".join(f"{name}={value}" for name, value in config["options"].items())
        raise ZooError(
            f"{folder.model_path} is not the model of this run, a {config['model']} with "
            f"{options}; restore its own model.keras, or train it again."
        )
    return model


def check_figure(
    folder: RunFolder, metric: Metric, found: Mapping[str, float], examples: int
) -> None:
    """Check that a run's model has the metric stated in results.json.

    Args:
        folder: the run folder.
        metric: the metric to compare.
        found: metrics measured now on the same test set, by name.
        examples: their number. A fraction measured in half precision may differ by one of them.

    Raises:
        ZooError: if it differs, so that it must be another model.
    """
    stated = (folder.results() or {}).get("test", {}).get(metric.name)
    half = folder.config().get("precision", "float32") != "float32"
    points = _SAME_POINTS
    if half:
        points = _SAME_IN_HALF + (100 / examples if metric.is_share else 0)
    if stated is not None and not metric.is_near(stated, found[metric.name], points):
        raise ZooError(
            f"{folder.model_path} has {metric.title} {metric.text(found[metric.name])} on the test "
            f"set, but results.json says {metric.text(stated)}: it is not the model of this run; "
            "restore its own model.keras, or train it again."
        )


def evaluate(
    path: str | Path,
    data_dir: str | Path | None = None,
    *,
    dataset: str | Dataset | None = None,
    target: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Evaluate a run's trained model on the test split of its data set or of another one.

    Args:
        path: a run folder.
        data_dir: folder of the data set; by default the one used in training.
        dataset: another data set with the same labels, or its name; by default the data set of
            the training, whose fingerprint must be unchanged. Columns of a table are found by
            the names that the model was trained with.
        target: for another table, the column to predict; by default that of the training.
        progress: called with (done, total) while photos are decoded.

    Returns:
        {"model", "dataset": {"name", "fingerprint"}, "examples", "test": {metric: value}}, a table
        in a notebook.

    Raises:
        ZooError: if it is not a run folder, its model was replaced, or the data set is missing, has
            other labels, or has changed.
    """
    folder = RunFolder(path)
    config = folder.config()
    folder.check_model()
    trained_on = config["dataset"]
    spec = describe(config["model"])
    if isinstance(dataset, Dataset):
        given = dataset
    elif dataset:
        if target is None and data.takes_target(dataset):
            target = trained_on.get("target")
        given = data.load(dataset, data_dir, target=target, progress=progress)
    else:
        given = data.load_again(trained_on, data_dir or config["data_dir"], progress=progress)
    if dataset and "inputs" in trained_on:
        given = with_inputs(given, trained_on["inputs"])
    fingerprint = None if dataset else trained_on["fingerprint"]
    check_dataset(str(folder.path), target_names(trained_on), fingerprint, given)
    model = load_model(folder.path)
    check_fits(model, spec, given)
    task = spec.task_of(model)
    test = given.test.map_targets(task.targets)
    strategy = tf.distribute.get_strategy()
    with contextlib.closing(examples.choose("auto", model, strategy, test)) as chosen_examples:
        metrics = Evaluation(model, strategy, chosen_examples, task).run()
    return Results(
        model=spec.name,
        dataset={"name": given.name, "fingerprint": given.fingerprint},
        examples=len(given.test),
        test=metrics,
    )

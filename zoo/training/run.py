"""Train one model into one run folder: data → build → loop → save → evaluate on test, once."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import zoo
from zoo import components, data
from zoo.data import Dataset
from zoo.errors import ZooError
from zoo.files import replacing, write_json
from zoo.models import describe
from zoo.registry import ModelSpec, Recipe, check_options
from zoo.run_folder import RunFolder
from zoo.training import checkpoints, precision, strategies
from zoo.training.checkpoints import Position
from zoo.training.evaluation import Evaluation
from zoo.training.features import Features
from zoo.training.loop import TrainingLoop
from zoo.training.reporter import Reporter, Silent
from zoo.training.schedule import CheckpointSchedule
from zoo.training.signals import Preempted, preemption


@dataclass(frozen=True)
class Training:
    """What to train and how; None means what the model's recipe says.

    Args:
        name: a registered model.
        options: of its builder.
        dataset: a name that `zoo.data.load` takes.
        data_dir: where that data set lies.
        epochs: passes over the training examples, at least 1.
        batch_size: examples per update over all replicas together.
        learning_rate: at the start, above 0.
        seed: of the initial weights and of everything random after.
        run_dir: the run folder.
        strategy: one of `zoo.training.strategies.NAMES`.
        devices: for "mirrored".
        precision: one of `zoo.training.precision.PRECISIONS`.
        jit: one of `zoo.training.precision.JIT`.
        checkpoint_every: "epoch", "500 steps" or "60 seconds".
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    dataset: str | None = None
    data_dir: str | None = None
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    seed: int = 0
    run_dir: str | Path = "runs/latest"
    strategy: str = "auto"
    devices: int | None = None
    precision: str = "float32"
    jit: str = "auto"
    checkpoint_every: str = "epoch"

    def recipe(self, spec: ModelSpec) -> Recipe:
        """Return the model's recipe with this training's numbers in it.

        Raises:
            ZooError: for a number out of range.
        """
        # A builder with a learning_rate of its own (the perceptron) means the same one.
        learning_rate = self.learning_rate
        if learning_rate is None:
            learning_rate = self.options.get("learning_rate")
        changes = {
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "learning_rate": learning_rate,
        }
        recipe = replace(spec.recipe, **{k: v for k, v in changes.items() if v is not None})
        if recipe.epochs < 1:
            raise ZooError(f"The number of epochs is {recipe.epochs}; give 1 or more.")
        if not recipe.learning_rate > 0:
            raise ZooError(f"The learning rate is {recipe.learning_rate}; give one above 0.")
        return recipe


def train(name: str, *, reporter: Reporter | None = None, **settings) -> dict[str, Any]:
    """Train a model and return what its run folder's results.json says.

    Training again with the same settings into the same folder goes on from the last checkpoint.

    Args:
        name: a registered model.
        reporter: told what happens; by default nobody is.
        **settings: the fields of `Training`.

    Raises:
        ZooError: for bad settings, missing data, a folder of another training.
        Preempted: after a SIGTERM, once a checkpoint is written.
    """
    return run(Training(name, **settings), reporter or Silent())


def run(training: Training, reporter: Reporter) -> dict[str, Any]:
    """Carry out one training; see `train`."""
    spec = describe(training.name)
    options = check_options(spec, training.options)
    recipe = training.recipe(spec)
    schedule = CheckpointSchedule.parse(training.checkpoint_every)
    folder = RunFolder(training.run_dir)
    chosen = strategies.choose(training.strategy, training.devices)
    jit = precision.compile_step(training.jit, chosen.replicas)
    reporter.say(
        f"Strategy {chosen.name}, {chosen.replicas} replica{'s' * (chosen.replicas > 1)}: "
        f"{chosen.why}."
    )
    dataset = data.load(
        training.dataset or spec.dataset, training.data_dir, progress=reporter.decoding
    )
    reporter.dataset(dataset)
    config = {
        "model": spec.name,
        "options": {**spec.options, **options},
        "dataset": {
            "name": dataset.name,
            "fingerprint": dataset.fingerprint,
            "labels": list(dataset.labels),
        },
        "data_dir": str(training.data_dir) if training.data_dir else None,
        "recipe": asdict(recipe),
        "seed": training.seed,
        "precision": training.precision,
        "jit": jit,
        "strategy": {"name": chosen.name, "replicas": chosen.replicas},
        "versions": versions(),
        "machine": machine(),
    }
    with folder.lock(), preemption() as stop:
        folder.check(config)
        finished = folder.results()
        if finished is not None:
            reporter.say(f"{folder.path} is trained already; these are its results.")
            return finished
        keras.utils.set_random_seed(training.seed)
        with precision.policy(training.precision), chosen.strategy.scope():
            model = spec.builder(**options)
            compile_for(model, recipe, dataset)
        targets = dataset.with_targets(spec.targets)
        check_fits(model, spec, dataset)
        loop = TrainingLoop(
            model,
            chosen.strategy,
            Features(model, targets.train.x),
            targets.train.y,
            batch_size=recipe.batch_size,
            seed=training.seed,
            jit=jit,
        )
        validation = Evaluation(
            model, chosen.strategy, Features(model, targets.validation.x), targets.validation.y
        )
        folder.write_config(config)
        position = _fit(loop, validation, recipe, folder, schedule, reporter, stop)
        test = Evaluation(model, chosen.strategy, Features(model, targets.test.x), targets.test.y)
        results = {
            "model": spec.name,
            "dataset": config["dataset"],
            "examples": {
                "train": len(dataset.train),
                "validation": len(dataset.validation),
                "test": len(dataset.test),
            },
            "skipped": list(dataset.skipped),
            "epochs": position.epoch,
            "steps": position.epoch * loop.steps_per_epoch,
            "history": position.history[-1],
            "test": test.run(),
        }
        _save_model(model, spec, options, folder)
        write_json(folder.results_path, results)
        return results


def evaluate(path, data_dir=None, *, progress=None) -> dict[str, Any]:
    """Evaluate a run folder's trained model on its data set's test split.

    Args:
        path: a run folder.
        data_dir: where the data set lies, if not where it lay in training.
        progress: called with (done, total) while photos are decoded.

    Returns:
        {"model", "dataset": {"name", "fingerprint"}, "examples", "test": {metric: value}}.

    Raises:
        ZooError: if it is no run folder or the data set is missing.
    """
    folder = RunFolder(path)
    config = folder.config()
    spec = describe(config["model"])
    dataset = data.load(
        config["dataset"]["name"], data_dir or config["data_dir"], progress=progress
    )
    model = components.load_model(folder.path)
    targets = dataset.with_targets(spec.targets)
    strategy = tf.distribute.get_strategy()
    metrics = Evaluation(model, strategy, Features(model, targets.test.x), targets.test.y).run()
    return {
        "model": spec.name,
        "dataset": {"name": dataset.name, "fingerprint": dataset.fingerprint},
        "examples": len(dataset.test),
        "test": metrics,
    }


def versions() -> dict[str, str]:
    """Return the versions that a figure depends on."""
    packages = ("tensorflow", "keras", "numpy")
    own = {"zoo": zoo.__version__, "python": platform.python_version()}
    return own | {name: version(name) for name in packages}


def machine() -> str:
    """Return one line that names processor, cores and system."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = f"{names[0].split(':')[1].strip()}, {len(names)} cores" if names else model
    return f"{model}, {platform.system()} {platform.machine()}"


def compile_for(model: keras.Model, recipe: Recipe, dataset: Dataset) -> None:
    """Compile the model again, with the optimizer this training's recipe asks for."""
    steps = max(1, len(dataset.train) // max(1, recipe.batch_size)) * recipe.epochs
    settings = model.get_compile_config()
    settings["optimizer"] = keras.optimizers.serialize(recipe.build_optimizer(steps))
    model.compile_from_config(settings)


def check_fits(model: keras.Model, spec: ModelSpec, dataset: Dataset) -> None:
    """Raise one sentence unless the data set is of the kind and the labels the model is for.

    Raises:
        ZooError: naming what to change.
    """
    kind = "image" if model.inputs[0].name == "image" else "vector"
    if kind != dataset.kind:
        raise ZooError(
            f"{spec.name} takes {kind} inputs, but the data set {dataset.name} holds "
            f"{dataset.kind}s; choose another --dataset."
        )
    if kind == "vector" and dataset.train.x.shape[1] != model.input_shape[1]:
        raise ZooError(
            f"{spec.name} takes {model.input_shape[1]} numbers, but {dataset.name} has "
            f"{dataset.train.x.shape[1]} per example; set the option 'inputs'."
        )
    outputs = model.output_shape[-1]
    labels = 2 if outputs == 1 else outputs
    if labels != len(dataset.labels):
        raise ZooError(
            f"{spec.name} answers with {labels} labels, but {dataset.name} has "
            f"{len(dataset.labels)}; choose another --dataset or, where the model has it, set "
            f"the option classes={len(dataset.labels)}."
        )


def _fit(loop, validation, recipe, folder, schedule, reporter, stop) -> Position:
    position = _restore(loop, folder)
    if position.epoch or position.step:
        reporter.say(f"Resuming after epoch {position.epoch}, step {position.step}.")
    model = loop.model
    board = keras.callbacks.TensorBoard(folder.logs_path, write_graph=False)
    callbacks = keras.callbacks.CallbackList([board], model=model, epochs=recipe.epochs)
    callbacks.on_train_begin()
    saved_at = position.number(loop.steps_per_epoch)
    while position.epoch < recipe.epochs:
        callbacks.on_epoch_begin(position.epoch)
        reporter.epoch_begin(position, recipe.epochs, loop.steps_per_epoch, loop.batch_size)
        for steps in loop.epoch(position, schedule.next_stop):
            reporter.steps(steps)
            if position.step < loop.steps_per_epoch and (schedule.due(position.step) or stop()):
                _save(loop, position, folder)
                saved_at = position.number(loop.steps_per_epoch)
                if stop():
                    raise Preempted(f"Stopped by a signal; resume with --run-dir {folder.path}.")
        logs = loop.logs()
        logs |= {f"val_{name}": value for name, value in validation.run().items()}
        position.history.append({"epoch": position.epoch + 1, **logs})
        position.epoch, position.step = position.epoch + 1, 0
        callbacks.on_epoch_end(position.epoch - 1, logs)
        reporter.epoch_end(position.history[-1])
        folder.write_history(position.history)
        if schedule.after_epoch(position.epoch, recipe.epochs) or stop():
            _save(loop, position, folder)
            saved_at = position.number(loop.steps_per_epoch)
        if stop():
            raise Preempted(f"Stopped by a signal; resume with --run-dir {folder.path}.")
    callbacks.on_train_end()
    if saved_at != position.number(loop.steps_per_epoch):
        _save(loop, position, folder)
    return position


def _restore(loop: TrainingLoop, folder: RunFolder) -> Position:
    found = checkpoints.latest(folder.checkpoints_path)
    if found is None:
        return Position()
    position, arrays = found
    for name, variable in loop.variables().items():
        variable.assign(arrays[name])
    return position


def _save(loop: TrainingLoop, position: Position, folder: RunFolder) -> None:
    arrays = {
        name: keras.ops.convert_to_numpy(variable) for name, variable in loop.variables().items()
    }
    number = position.number(loop.steps_per_epoch)
    checkpoints.save(folder.checkpoints_path, number, position, arrays)


def _save_model(model, spec: ModelSpec, options: dict, folder: RunFolder) -> None:
    """Save the weights in a float32 model, whatever the precision they were trained in."""
    plain = spec.builder(**options)
    plain.set_weights([np.asarray(weight, "float32") for weight in model.get_weights()])
    with replacing(folder.model_path) as temporary:
        plain.save(temporary)

"""Train one model into one run folder: data → build → loop → save → evaluate on test, once."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from zoo import data
from zoo.data import Dataset
from zoo.data.dataset import target_names
from zoo.models import describe
from zoo.nn import loading
from zoo.registry import ModelSpec
from zoo.registry.plugins import plugins_of
from zoo.registry.recipes import Recipe
from zoo.training import examples, identity, precision, strategies
from zoo.training.agreement import Agreement
from zoo.training.augmentation import Augmenter
from zoo.training.checkpoint_schedule import CheckpointSchedule
from zoo.training.checks import check_fits, check_recipe, follow
from zoo.training.cluster import explaining_lost_workers
from zoo.training.evaluation import Evaluation
from zoo.training.loop import (
    NonFiniteLossError,
    TrainingLoop,
    check_batch_size,
    require_finite_figures,
    require_finite_weights,
)
from zoo.training.profile import NoProfile, StepsProfile
from zoo.training.reporter import Reporter, Silent
from zoo.training.run_folder import RunFolder, check_dataset, check_identity, new_run_dir
from zoo.training.settings import Training
from zoo.training.signals import Preempted, preemption
from zoo.training.solvers import ridge, softmax_regression
from zoo.training.solvers.gradient import Fitting
from zoo.training.solvers.whitening import fold, whitened
from zoo.utils.choices import require_choice
from zoo.utils.files import replacing, sha256, write_json
from zoo.utils.provenance import machine, versions
from zoo.utils.quiet import check_keras

# Solvers that leave the very optimum of a model's own problem behind.
OPTIMA = {"exact": ridge, "lbfgs": softmax_regression}


def train(name: str, *, reporter: Reporter | None = None, **settings) -> dict[str, Any]:
    """Train a model and return what its run folder's results.json says, and the folder.

    Training again with the same settings into the same folder goes on from the last checkpoint;
    so does training with more epochs, where the learning rate is constant.

    Args:
        name: a registered model.
        reporter: told what happens; by default nobody is.
        **settings: the fields of `Training`.

    Returns:
        {"test": {metric: value}, "epochs", "dataset", …, "run_dir"}.

    Raises:
        UnknownNameError: for a setting that does not exist; the message names the near misses.
        ZooError: for bad settings, missing data, a folder of another training.
        Preempted: after a SIGTERM or Ctrl-C, once a checkpoint is written.
    """
    known = [of.name for of in fields(Training) if of.name != "name"]
    for setting in settings:
        require_choice("setting of zoo.train", setting, known)
    return run(Training(name, **settings), reporter or Silent())


def run(training: Training, reporter: Reporter) -> dict[str, Any]:
    """Carry out one training; see `train`."""
    check_keras()
    spec = describe(training.name)
    training.check()
    recipe = training.choose_recipe(spec)
    path = Path(training.run_dir) if training.run_dir else new_run_dir(spec.name)
    # Before data: the workers must meet before anything makes TensorFlow start its runtime.
    chosen = strategies.choose(
        training.strategy,
        training.devices,
        tpu=training.tpu,
        start_timeout=training.start_timeout,
    )
    reporter = reporter if chosen.is_chief else Silent()
    reporter.say(
        f"Strategy {chosen.name}, {chosen.replicas} replica{'s' * (chosen.replicas > 1)}: "
        f"{chosen.why}."
    )
    # Only the chief touches the run folder; the others learn from it what they need.
    folder = RunFolder(path) if chosen.is_chief else None
    with explaining_lost_workers(chosen.cluster):
        results = _run_on(chosen, spec, recipe, training, folder, reporter)
    return {**results, "run_dir": str(path)}


def _run_on(chosen, spec: ModelSpec, recipe: Recipe, training, folder, reporter) -> dict[str, Any]:
    jit = precision.compile_step(training.jit, chosen.replicas)
    require_choice("precision", recipe.precision, precision.PRECISIONS)
    optimum = OPTIMA.get(recipe.solver)
    penalties = ()
    if optimum:
        penalties = optimum.PENALTIES if recipe.penalty is None else (recipe.penalty,)
    # Data may take minutes to load; what cannot be trained at all is told before.
    with precision.policy("float32"):
        sketch = spec.builder(**recipe.options)
    if optimum:
        optimum.check(sketch, penalties)
    else:
        check_recipe(sketch, recipe)
    dataset = data.load(
        training.dataset or spec.dataset, training.data_dir, progress=reporter.decoding
    )
    reporter.dataset(dataset)
    recipe = _followed(recipe, spec, dataset, chosen.replicas, training, reporter)
    agreement = chosen.agreement()
    recipe = replace(recipe, precision=_agreed_precision(recipe, folder, agreement, reporter))
    keras.utils.set_random_seed(training.seed)
    with precision.policy(recipe.precision), chosen.strategy.scope():
        model = spec.builder(**recipe.options)
        compile_for(model, recipe, dataset)
    check_fits(model, spec, dataset)
    task = spec.task_of(model)
    if not optimum:
        check_batch_size(recipe.batch_size, chosen.replicas, len(dataset.train))
    config = {
        "model": spec.name,
        "options": {**spec.options, **recipe.options},
        "architecture": identity.of_model(model, spec.builder),
        "dataset": dataset.identity(),
        "data_dir": os.path.abspath(training.data_dir) if training.data_dir else None,  # noqa: PTH100
        "recipe": asdict(recipe),
        "recipe_name": training.recipe_name(spec),
        "recipe_text": recipe.text(),
        "seed": training.seed,
        "precision": recipe.precision,
        "jit": jit,
        "source": training.source,
        "solver": {"name": recipe.solver, "penalty": recipe.penalty},
        "strategy": {"name": chosen.name, "replicas": chosen.replicas},
        "versions": versions(),
        "plugins": plugins_of(
            spec.builder, data.describe(training.dataset or spec.dataset).loader, model.loss
        ),
        "machine": machine(),
    }
    with contextlib.ExitStack() as stack:
        if folder:
            stack.enter_context(folder.lock())
        stop = stack.enter_context(preemption())
        if folder:
            folder.check(config)
        finished = _agree_on_start(agreement, config, folder)
        if finished is not None:
            reporter.say(
                f"{folder.path if folder else 'It'} is trained already; these are its results."
            )
            return finished

        def examples_of(split, augmenter=None):
            found = examples.choose(
                training.source, model, chosen.strategy, split.map_targets(task.targets), augmenter
            )
            stack.callback(found.close)
            return found

        def leave() -> None:
            if agreement.decide([], stop())[1]:
                where = f" with {_option(folder)}" if folder else ""
                raise Preempted(
                    f"Stopped on request, before there was a checkpoint; the same command{where} "
                    "starts over.",
                    stop.exit_code,
                )

        augmenter = Augmenter(recipe.augmentation) if recipe.augmentation else None
        train_examples = examples_of(dataset.train, augmenter)
        validation_examples = examples_of(dataset.validation)
        if folder:
            folder.check_writable()
            folder.write_config(config)
            reporter.say(
                f"Run folder {folder.path}; the same command with {_option(folder)} resumes."
            )
        stack.enter_context(_explaining_non_finite(folder))
        if optimum:
            rows = optimum.fit(
                model,
                chosen.strategy,
                train_examples,
                Evaluation(model, chosen.strategy, validation_examples),
                penalties,
                reporter,
                leave,
            )
            for row in rows:
                require_finite_figures(row, f"for λ {row['penalty']:g}", _OTHER_PENALTY)
            if folder:
                folder.write_history(rows)
            outcome = {"epochs": 1, "steps": 0, "history": rows[-1]}
        else:
            learner = model
            if recipe.whitening:
                reporter.say("Finding the principal components of the training features.")
                plain_examples = examples_of(dataset.train)
                learner = whitened(model, plain_examples, chosen.strategy, recipe, agreement, leave)
                plain_examples.close()
            loop = TrainingLoop(
                learner,
                chosen.strategy,
                train_examples,
                batch_size=recipe.batch_size,
                seed=training.seed,
                jit=jit,
                label_smoothing=recipe.label_smoothing,
                augmenter=augmenter,
            )
            profiled = training.profile and folder
            position = Fitting(
                loop=loop,
                validation=Evaluation(learner, chosen.strategy, validation_examples),
                recipe=recipe,
                folder=folder,
                schedule=CheckpointSchedule.parse(training.checkpoint_every),
                reporter=reporter,
                agreement=agreement,
                stop=stop,
                profile=StepsProfile(folder.logs_path) if profiled else NoProfile(),
            ).run()
            if recipe.averaging:
                learner.optimizer.finalize_variable_values(learner.trainable_variables)
            if recipe.whitening:
                fold(learner, model)
            outcome = {
                "epochs": position.epoch,
                "steps": position.epoch * loop.steps_per_epoch,
                "history": position.history[-1],
            }
        remedy = {"remedy": _OTHER_PENALTY} if optimum else {}
        test = Evaluation(model, chosen.strategy, examples_of(dataset.test)).run()
        require_finite_figures(test, "on the test set", **remedy)
        weights = model.get_weights()
        require_finite_weights(weights, "at the end", **remedy)
        results = {
            "model": spec.name,
            "dataset": config["dataset"],
            "examples": {
                "train": len(dataset.train),
                "validation": len(dataset.validation),
                "test": len(dataset.test),
            },
            "skipped": list(dataset.skipped),
            "solver": config["solver"],
            **outcome,
            "test": test,
        }
        if folder:
            _save_model(weights, spec, recipe.options, folder)
            results["model_sha256"] = sha256(folder.model_path)
            write_json(folder.results_path, results)
        return results


_OTHER_PENALTY = "try another --penalty"


def _option(folder: RunFolder) -> str:
    return f"--run-dir {shlex.quote(str(folder.path))}"


def _followed(recipe, spec, dataset, replicas, training, reporter) -> Recipe:
    """Return the recipe as the data set asks for it, and tell what that changes."""
    given = dict(training.options)
    if training.batch_size is not None:
        given["batch_size"] = training.batch_size
    followed = follow(recipe, spec, dataset, replicas, given)
    changed = []
    if followed.options != recipe.options:
        labels = len(dataset.labels)
        changed.append(f"classes={labels}, since the data set has {labels} labels")
    if followed.batch_size != recipe.batch_size:
        changed.append(
            f"batches of {followed.batch_size}, since there are {len(dataset.train)} training "
            "examples"
        )
    if changed:
        reporter.say(f"Set by the data: {'; '.join(changed)}.")
    return followed if followed == recipe else replace(followed, note="")


def _agreed_precision(recipe, folder, agreement, reporter) -> str:
    """Return the precision that all workers train in; "auto" is what was recorded, if anything."""
    if recipe.precision != "auto":
        return recipe.precision
    own = ""
    if folder and folder.config_path.is_file() and folder.begun():
        own = folder.config()["precision"]
    elif folder:
        own = precision.choose("auto", reporter)
    return agreement.broadcast(own.encode()).decode()


@contextlib.contextmanager
def _explaining_non_finite(folder: RunFolder | None):
    """Leave no trace of a training that came to no checkpoint; else tell that the folder stays."""
    try:
        yield
    except NonFiniteLossError as error:
        if folder is None:
            raise
        folder.forget()
        if not folder.begun():
            raise
        sentence = str(error).removesuffix(".")
        raise NonFiniteLossError(
            f"{sentence} and another run folder: {folder.path} keeps its checkpoints."
        ) from error


def _agree_on_start(
    agreement: Agreement, config: dict[str, Any], folder: RunFolder | None
) -> dict[str, Any] | None:
    """Return the results if the chief's run folder has them; raise if this worker differs."""
    own = {"config": config, "results": _finished(folder, config) if folder else None}
    chief = json.loads(agreement.broadcast(json.dumps(own).encode()))
    check_identity("The chief", chief["config"], config)
    return chief["results"]


def _finished(folder: RunFolder, config: dict[str, Any]) -> dict[str, Any] | None:
    """Return the results of a training that has come to its end, its model in place."""
    results = folder.results()
    if results is None or not folder.model_path.exists():
        return None
    if config["solver"]["name"] == "gradient" and results["epochs"] < config["recipe"]["epochs"]:
        return None
    folder.check_model()
    return results


def evaluate(path, data_dir=None, *, dataset=None, progress=None) -> dict[str, Any]:
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
    model = loading.load_model(folder.path)
    check_fits(model, spec, given)
    test = given.test.map_targets(spec.task_of(model).targets)
    strategy = tf.distribute.get_strategy()
    with contextlib.closing(examples.choose("auto", model, strategy, test)) as chosen_examples:
        metrics = Evaluation(model, strategy, chosen_examples).run()
    return {
        "model": spec.name,
        "dataset": {"name": given.name, "fingerprint": given.fingerprint},
        "examples": len(given.test),
        "test": metrics,
    }


def compile_for(model: keras.Model, recipe: Recipe, dataset: Dataset) -> None:
    """Compile the model again, with the optimizer this training's recipe asks for."""
    steps = max(1, len(dataset.train) // max(1, recipe.batch_size)) * recipe.epochs
    settings = model.get_compile_config()
    settings["optimizer"] = keras.optimizers.serialize(recipe.build_optimizer(steps))
    model.compile_from_config(settings)


def _save_model(weights: list, spec: ModelSpec, options: dict, folder: RunFolder) -> None:
    """Save the weights in a float32 model, whatever the precision they were trained in."""
    # Workers need not meet for it: it belongs to no strategy.
    with precision.policy("float32"):
        plain = spec.builder(**options)
    plain.set_weights([np.asarray(weight, "float32") for weight in weights])
    with replacing(folder.model_path) as temporary:
        plain.save(temporary)

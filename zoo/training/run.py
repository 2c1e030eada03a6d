"""Train one model into one run folder: data → build → loop → save → evaluate on test, once."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from zoo import components, data
from zoo.choices import require_seed
from zoo.data import Dataset
from zoo.errors import ZooError
from zoo.files import replacing, write_json
from zoo.models import describe
from zoo.provenance import machine, versions
from zoo.recipe import Recipe
from zoo.registry import ModelSpec
from zoo.run_folder import RunFolder, check_identity
from zoo.training import examples, precision, ridge, softmax_regression, strategies
from zoo.training.agreement import Agreement
from zoo.training.augmentation import Augmenter
from zoo.training.cluster import explaining_lost_workers
from zoo.training.evaluation import Evaluation
from zoo.training.fitting import Fitting
from zoo.training.loop import TrainingLoop, check_batch_size
from zoo.training.profile import NoProfile, StepsProfile
from zoo.training.reporter import Reporter, Silent
from zoo.training.schedule import CheckpointSchedule
from zoo.training.settings import Training
from zoo.training.signals import preemption
from zoo.training.whitening import fold, whitened

# Solvers that leave the very optimum of a model's own problem behind.
OPTIMA = {"exact": ridge, "lbfgs": softmax_regression}


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
    recipe = training.choose_recipe(spec)
    CheckpointSchedule.parse(training.checkpoint_every)
    require_seed(training.seed)
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
    with explaining_lost_workers(chosen.cluster):
        return _run_on(chosen, spec, recipe, training, reporter)


def _run_on(chosen, spec: ModelSpec, recipe: Recipe, training, reporter) -> dict[str, Any]:
    jit = precision.compile_step(training.jit, chosen.replicas)
    recipe = replace(recipe, precision=precision.choose(recipe.precision, reporter))
    optimum = OPTIMA.get(recipe.solver)
    dataset = data.load(
        training.dataset or spec.dataset, training.data_dir, progress=reporter.decoding
    )
    reporter.dataset(dataset)
    config = {
        "model": spec.name,
        "options": {**spec.options, **recipe.options},
        "dataset": {
            "name": dataset.name,
            "fingerprint": dataset.fingerprint,
            "labels": list(dataset.labels),
        },
        "data_dir": str(training.data_dir) if training.data_dir else None,
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
        "machine": machine(),
    }
    agreement = chosen.agreement()
    # Only the chief touches the run folder; the others learn from it what they need.
    folder = RunFolder(training.run_dir) if chosen.is_chief else None
    with folder.lock() if folder else contextlib.nullcontext(), preemption() as stop:
        if folder:
            folder.check(config)
        finished = _agree_on_start(agreement, config, folder)
        if finished is not None:
            reporter.say(f"{training.run_dir} is trained already; these are its results.")
            return finished
        keras.utils.set_random_seed(training.seed)
        with precision.policy(recipe.precision), chosen.strategy.scope():
            model = spec.builder(**recipe.options)
            compile_for(model, recipe, dataset)
        targets = dataset.with_targets(spec.targets)
        check_fits(model, spec, dataset)
        if optimum:
            penalties = optimum.PENALTIES if recipe.penalty is None else (recipe.penalty,)
            optimum.check(model, penalties)
        else:
            check_batch_size(recipe.batch_size, chosen.replicas, len(targets.train))

        def examples_of(split, augmenter=None):
            return examples.choose(training.source, model, chosen.strategy, split, augmenter)

        augmenter = Augmenter(recipe.augmentation) if recipe.augmentation else None
        train_examples = examples_of(targets.train, augmenter)
        validation_examples = examples_of(targets.validation)
        if folder:
            folder.write_config(config)
        if optimum:
            rows = optimum.fit(
                model,
                chosen.strategy,
                train_examples,
                Evaluation(model, chosen.strategy, validation_examples),
                penalties,
                reporter,
            )
            if folder:
                folder.write_history(rows)
            outcome = {"epochs": 1, "steps": 0, "history": rows[-1]}
        else:
            learner = model
            if recipe.whitening:
                reporter.say("Finding the principal components of the training features.")
                learner = whitened(
                    model, examples_of(targets.train), chosen.strategy, recipe, agreement
                )
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
            "test": Evaluation(model, chosen.strategy, examples_of(targets.test)).run(),
        }
        weights = model.get_weights()
        if folder:
            _save_model(weights, spec, recipe.options, folder)
            write_json(folder.results_path, results)
        return results


def _agree_on_start(
    agreement: Agreement, config: dict[str, Any], folder: RunFolder | None
) -> dict[str, Any] | None:
    """Return the results if the chief's run folder has them; raise if this worker differs."""
    own = {"config": config, "results": folder.results() if folder else None}
    chief = json.loads(agreement.broadcast(json.dumps(own).encode()))
    check_identity("The chief", chief["config"], config)
    return chief["results"]


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
    chosen_examples = examples.choose("auto", model, strategy, targets.test)
    metrics = Evaluation(model, strategy, chosen_examples).run()
    return {
        "model": spec.name,
        "dataset": {"name": dataset.name, "fingerprint": dataset.fingerprint},
        "examples": len(dataset.test),
        "test": metrics,
    }


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


def _save_model(weights: list, spec: ModelSpec, options: dict, folder: RunFolder) -> None:
    """Save the weights in a float32 model, whatever the precision they were trained in."""
    # Workers need not meet for it: it belongs to no strategy.
    plain = spec.builder(**options)
    plain.set_weights([np.asarray(weight, "float32") for weight in weights])
    with replacing(folder.model_path) as temporary:
        plain.save(temporary)

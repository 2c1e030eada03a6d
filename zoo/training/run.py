"""Train one model into one run folder: build → data → solve → evaluate on test, once → save."""

from __future__ import annotations

import contextlib
import json
import os
import random
from collections.abc import Iterator
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import keras

from zoo import data
from zoo.data import Dataset
from zoo.errors import ZooError
from zoo.models import describe
from zoo.registry.plugins import plugins_of
from zoo.registry.solvers import load_solver, solver_entry
from zoo.training import identity, precision, strategies
from zoo.training.checks import check_fits, follow
from zoo.training.cluster import explaining_lost_workers
from zoo.training.context import Plan, TrainingContext
from zoo.training.finite import (
    NonFiniteLossError,
    require_finite_figures,
    require_finite_weights,
)
from zoo.training.reporter import Reporter, Silent
from zoo.training.run_folder import RunFolder, check_identity, new_run_dir
from zoo.training.settings import Training
from zoo.training.signals import preemption
from zoo.training.solvers import Outcome, Solver
from zoo.training.trained_model import compile_with, save_trained
from zoo.utils.choices import require_choice
from zoo.utils.files import sha256, write_json
from zoo.utils.provenance import machine, versions
from zoo.utils.quiet import check_keras


def train(name: str, *, reporter: Reporter | None = None, **settings: Any) -> dict[str, Any]:
    """Train a model and return what its run folder's results.json says, and the folder.

    Training again with the same settings into the same folder resumes from the last checkpoint;
    so does training with more epochs, where the learning rate is constant.

    Args:
        name: a registered model.
        reporter: is told what happens; by default nothing is reported.
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
    # First of all: the workers must connect before anything makes TensorFlow start its runtime.
    devices = strategies.choose(
        training.strategy,
        training.devices,
        tpu=training.tpu,
        start_timeout=training.start_timeout,
    )
    reporter = reporter if devices.is_chief else Silent()
    replicas = f"{devices.replicas} replica{'s' * (devices.replicas > 1)}"
    reporter.say(f"Strategy {devices.name}, {replicas}: {devices.why}.")
    # Only the chief touches the run folder; the others learn from it what they need.
    folder = RunFolder(path) if devices.is_chief else None
    with explaining_lost_workers(devices.cluster):
        plan = Plan(training, spec, recipe, devices, devices.agreement(), folder, reporter)
        results = _train(plan)
    return {**results, "run_dir": str(path)}


def _train(plan: Plan) -> dict[str, Any]:
    """Build the model, load the data, and train unless the run folder has the results."""
    jit = precision.compile_step(plan.training.jit, plan.devices.replicas)
    plan = replace(plan, recipe=replace(plan.recipe, precision=_agreed_precision(plan)))
    solver = load_solver(plan.recipe.solver)
    model = _build(plan)
    # Data may take minutes to load; what cannot be trained at all is refused before.
    solver.check(model, plan.recipe)
    dataset = _load_data(plan)
    plan, model = _follow_data(plan, model, dataset)
    check_fits(model, plan.spec, dataset)
    solver.check(model, plan.recipe, dataset, plan.devices.replicas)
    _compile(plan, model, len(dataset.train))
    config = _config(plan, model, dataset, jit)
    with contextlib.ExitStack() as stack:
        if plan.folder:
            stack.enter_context(plan.folder.lock())
        stop = stack.enter_context(preemption())
        if plan.folder:
            plan.folder.check(config)
        finished = _agree_on_start(plan, config)
        if finished is not None:
            where = plan.folder.path if plan.folder else "It"
            plan.reporter.say(f"{where} is trained already; these are its results.")
            return finished
        _open_folder(plan, config)
        stack.enter_context(_explaining_non_finite(plan.folder))
        context = TrainingContext(
            **vars(plan), model=model, dataset=dataset, jit=jit, stop=stop, opened=stack
        )
        return _finish(context, solver, solver.fit(context), config)


def _agreed_precision(plan: Plan) -> str:
    """Return the precision that all workers train in; "auto" is what was recorded, if anything."""
    require_choice("precision", plan.recipe.precision, precision.PRECISIONS)
    if plan.recipe.precision != "auto":
        return plan.recipe.precision
    own, folder = "", plan.folder
    if folder and folder.config_path.is_file() and folder.begun():
        own = folder.config()["precision"]
    elif folder:
        own = precision.choose("auto", plan.reporter)
    return plan.agreement.broadcast(own.encode()).decode()


def _build(plan: Plan) -> keras.Model:
    """Return the model with its first weights, which depend on the seed alone."""
    keras.utils.set_random_seed(plan.training.seed)
    with precision.policy(plan.recipe.precision), plan.strategy.scope():
        model = plan.spec.builder(**plan.recipe.options)
    if not model.compiled:
        raise ZooError(
            f"{plan.spec.name} is not compiled; call compile, with a loss, in its builder."
        )
    return model


def _load_data(plan: Plan) -> Dataset:
    with _keeping_random_state():
        dataset = data.load(
            plan.training.dataset or plan.spec.dataset,
            plan.training.data_dir,
            progress=plan.reporter.decoding,
        )
    plan.reporter.dataset(dataset)
    return dataset


@contextlib.contextmanager
def _keeping_random_state() -> Iterator[None]:
    """Put back the state that Keras takes the seeds of initial weights from."""
    state = random.getstate()
    try:
        yield
    finally:
        random.setstate(state)


def _follow_data(plan: Plan, model: keras.Model, dataset: Dataset) -> tuple[Plan, keras.Model]:
    """Return the plan and the model as the data set asks for them, and report what that changes."""
    recipe = plan.recipe
    given = dict(plan.training.options)
    if plan.training.batch_size is not None:
        given["batch_size"] = plan.training.batch_size
    followed = follow(recipe, plan.spec, dataset, plan.devices.replicas, given)
    if followed == recipe:
        return plan, model
    plan = replace(plan, recipe=replace(followed, note=""))
    changed = []
    if followed.options != recipe.options:
        # The one case in which a model is built twice.
        model = _build(plan)
        labels = len(dataset.labels)
        changed.append(f"classes={labels}, since the data set has {labels} labels")
    if followed.batch_size != recipe.batch_size:
        changed.append(
            f"batches of {followed.batch_size}, since there are {len(dataset.train)} training "
            "examples"
        )
    plan.reporter.say(f"Set by the data: {'; '.join(changed)}.")
    return plan, model


def _compile(plan: Plan, model: keras.Model, examples: int) -> None:
    """Give the model the optimizer of this training's recipe, unless its builder has."""
    recipe = plan.recipe
    steps = max(1, examples // max(1, recipe.batch_size)) * recipe.epochs
    with plan.strategy.scope():
        optimizer = recipe.build_optimizer(steps)
        if _unnamed(keras.optimizers.serialize(optimizer)) != _unnamed(
            model.get_compile_config()["optimizer"]
        ):
            compile_with(model, optimizer)


def _unnamed(optimizer: dict[str, Any]) -> dict[str, Any]:
    """Return an optimizer's configuration without its name, which Keras counts up."""
    return {**optimizer, "config": {**optimizer["config"], "name": None}}


def _config(plan: Plan, model: keras.Model, dataset: Dataset, jit: bool) -> dict[str, Any]:
    """Return what config.json holds: everything that is needed to repeat the training."""
    training, spec, recipe = plan.training, plan.spec, plan.recipe
    return {
        "model": spec.name,
        "options": {**spec.options, **recipe.options},
        "architecture": identity.of_model(model, spec.builder),
        "dataset": dataset.identity(),
        "data_dir": os.path.abspath(training.data_dir) if training.data_dir else None,  # noqa: PTH100
        "settings": {**training.as_dict(), "run_dir": None},
        "recipe": asdict(recipe),
        "recipe_name": training.recipe_name(spec),
        "recipe_text": recipe.text(),
        "seed": training.seed,
        "precision": recipe.precision,
        "jit": jit,
        "source": training.source,
        "solver": {"name": recipe.solver, "penalty": recipe.penalty},
        "strategy": {"name": plan.devices.name, "replicas": plan.devices.replicas},
        "versions": versions(),
        "plugins": plugins_of(
            spec.builder,
            spec.task,
            data.describe(training.dataset or spec.dataset).loader,
            model.loss,
        ),
        "machine": machine(),
    }


def _agree_on_start(plan: Plan, config: dict[str, Any]) -> dict[str, Any] | None:
    """Return the results if the chief's run folder has them; raise if this worker differs."""
    own = {"config": config, "results": _finished(plan.folder, config) if plan.folder else None}
    chief = json.loads(plan.agreement.broadcast(json.dumps(own).encode()))
    check_identity("The chief", chief["config"], config)
    return chief["results"]


def _finished(folder: RunFolder, config: dict[str, Any]) -> dict[str, Any] | None:
    """Return the results of a finished training whose model is in place, else None."""
    results = folder.results()
    if results is None or not folder.model_path.exists():
        return None
    counts_epochs = "epochs" in solver_entry(config["solver"]["name"]).reads
    if counts_epochs and results["epochs"] < config["recipe"]["epochs"]:
        return None
    folder.check_model()
    return results


def _open_folder(plan: Plan, config: dict[str, Any]) -> None:
    if plan.folder is None:
        return
    plan.folder.check_writable()
    plan.folder.write_config(config)
    plan.reporter.say(
        f"Run folder {plan.folder.path}; the same command with {plan.folder.option} resumes."
    )


@contextlib.contextmanager
def _explaining_non_finite(folder: RunFolder | None) -> Iterator[None]:
    """Remove the files of a training without a checkpoint; else say that the folder stays."""
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


def _finish(
    context: TrainingContext, solver: Solver, outcome: Outcome, config: dict[str, Any]
) -> dict[str, Any]:
    """Evaluate the trained model on the test set, save it, and return what results.json says."""
    dataset, folder = context.dataset, context.folder
    test = context.evaluation("test").run()
    require_finite_figures(test, "on the test set", solver.remedy)
    require_finite_weights(context.model.get_weights(), "at the end", solver.remedy)
    results = {
        "model": context.spec.name,
        "dataset": config["dataset"],
        "examples": {
            split: len(getattr(dataset, split)) for split in ("train", "validation", "test")
        },
        "skipped": list(dataset.skipped),
        "solver": config["solver"],
        **asdict(outcome),
        "test": test,
    }
    if folder:
        save_trained(context, folder.model_path)
        results["model_sha256"] = sha256(folder.model_path)
        write_json(folder.results_path, results)
    return results

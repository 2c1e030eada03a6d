"""Train a model: build it, load data, solve, evaluate on the test set, save to a run folder."""

from __future__ import annotations

import contextlib
import json
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
from zoo.training.checks import adapt_to_data, check_fits, options_of
from zoo.training.cluster import explaining_lost_workers
from zoo.training.context import Plan, TrainingContext
from zoo.training.finite import (
    NonFiniteLossError,
    require_finite_figures,
    require_finite_weights,
)
from zoo.training.notebook import default_reporter
from zoo.training.reporter import Reporter, Silent
from zoo.training.results import Results
from zoo.training.run_folder import RunFolder, new_run_dir
from zoo.training.sameness import require_same_software, require_same_training
from zoo.training.scaling import set_statistics
from zoo.training.settings import TABLE, Training
from zoo.training.signals import preemption
from zoo.training.solvers import Outcome
from zoo.training.start import assign_weights, with_source
from zoo.training.time_budget import TimeBudget, recorded_epochs, with_epochs
from zoo.training.trained_model import compile_with, save_trained
from zoo.utils.choices import UnknownNameError, require_choice
from zoo.utils.files import sha256, write_json
from zoo.utils.provenance import machine, versions
from zoo.utils.quiet import check_keras


def train(name: str, *, reporter: Reporter | None = None, **settings: Any) -> dict[str, Any]:
    """Train a model and return its results, as in results.json, and its run folder.

    Calling it again with the same settings and run folder resumes from the last checkpoint. The
    number of epochs may be larger than before if the learning rate is constant.

    Args:
        name: a registered model.
        reporter: receives progress reports; by default a notebook shows one line, which is
            rewritten, and other programs nothing.
        **settings: the fields of `Training`.

    Returns:
        {"test": {metric: value}, "epochs", "dataset", …, "run_dir"}, a table in a notebook.

    Raises:
        UnknownNameError: for an unknown setting; the message suggests similar names.
        ZooError: for invalid settings, missing data, or a run folder of another training.
        Preempted: after SIGTERM or Ctrl-C, once a checkpoint is written.
    """
    known = [of.name for of in fields(Training) if of.name != "name"]
    options = describe(name).options
    for setting, value in settings.items():
        if setting in options and setting not in known:
            raise UnknownNameError(
                f"{setting!r} is an option of {name}, not a setting; give options="
                f"{{{setting!r}: {value!r}}}."
            )
        require_choice("setting", setting, known, of="zoo.train")
    return run(Training(name, **settings), reporter or default_reporter())


def run(training: Training, reporter: Reporter) -> dict[str, Any]:
    """Run a training; see `train`."""
    check_keras()
    spec = describe(training.name)
    training.check()
    budget = TimeBudget.parse(training.time_budget) if training.time_budget else None
    training = training.with_recipe_read()
    recipe = training.choose_recipe(spec)
    path = Path(training.run_dir) if training.run_dir else new_run_dir(spec.name)
    # First, because workers must connect before the TensorFlow runtime starts.
    devices = strategies.choose(
        training.strategy,
        training.devices,
        tpu=training.tpu,
        start_timeout=training.start_timeout,
    )
    reporter = reporter if devices.is_chief else Silent()
    replicas = f"{devices.replicas} replica{'s' * (devices.replicas > 1)}"
    if left_out := training.left_out(spec, recipe):
        reporter.say(left_out)
    reporter.say(f"Strategy {devices.name}, {replicas}: {devices.why}.")
    # Only the chief reads and writes the run folder; it sends the other workers what they need.
    folder = RunFolder(path) if devices.is_chief else None
    with explaining_lost_workers(devices.cluster):
        agreement = devices.agreement()
        if devices.cluster:
            require_same_software(agreement, devices.cluster)
        plan = Plan(training, spec, recipe, devices, agreement, folder, reporter)
        results = _train(plan, budget)
    return Results({**results, "run_dir": str(path)})


def _train(plan: Plan, budget: TimeBudget | None) -> dict[str, Any]:
    """Build the model, load the data, and train unless the run folder has results."""
    jit = precision.compile_step(plan.training.jit, plan.devices.replicas)
    plan, source = with_source(plan)
    plan = replace(plan, recipe=replace(plan.recipe, precision=_agreed_precision(plan)))
    solver = load_solver(plan.recipe.solver)
    model = _build(plan)
    # Checked before the data is loaded, which may take minutes.
    solver.check(model, plan.recipe)
    dataset = _load_data(plan)
    plan, model = _adapt_to_data(plan, model, dataset)
    chosen = _epochs_chosen_before(plan, budget) if budget else 0
    if budget and chosen:
        plan = replace(plan, recipe=with_epochs(plan.recipe, chosen))
        budget = None
    solver = load_solver(plan.recipe.solver)
    check_fits(model, plan.spec, dataset)
    set_statistics(model, dataset)
    solver.check(model, plan.recipe, dataset, plan.devices.replicas)
    _compile(plan, model, len(dataset.train))
    config = config_of(plan, model, dataset, jit)
    config["start_from"] = source and source.record()
    with contextlib.ExitStack() as stack:
        if plan.folder:
            stack.enter_context(plan.folder.lock())
        stop = stack.enter_context(preemption())
        if plan.folder:
            plan.folder.check(config)
        finished = _agree_on_start(plan, config)
        if finished is not None:
            where = plan.folder.path if plan.folder else "It"
            plan.reporter.say(f"{where} is already trained; these are its results.")
            return finished
        if source:
            with _keeping_random_state():
                assign_weights(plan, source, model, dataset)
        _open_folder(plan, config)
        stack.enter_context(_explaining_non_finite(plan.folder))
        context = TrainingContext(
            **vars(plan),
            model=model,
            dataset=dataset,
            jit=jit,
            stop=stop,
            opened=stack,
            time_budget=budget,
        )
        outcome = solver.fit(context)
        results = finish(context, outcome, config, solver.remedy)
        if budget:
            plan.reporter.say(budget.summary(outcome.epochs))
        return results


def _agreed_precision(plan: Plan) -> str:
    """Return the precision of all workers; for "auto" the recorded one if there is one."""
    require_choice("precision", plan.recipe.precision, precision.PRECISIONS)
    if plan.recipe.precision != "auto":
        return plan.recipe.precision
    own, folder = "", plan.folder
    if folder and folder.config_path.is_file() and folder.has_progress():
        own = folder.config()["precision"]
    elif folder:
        own = precision.choose("auto", plan.reporter)
    return plan.agreement.broadcast(own.encode()).decode()


def _epochs_chosen_before(plan: Plan, budget: TimeBudget) -> int:
    """Return the number of epochs that was chosen before the training was stopped, else 0."""
    own, folder = 0, plan.folder
    if folder and folder.config_path.is_file() and folder.has_progress():
        own = recorded_epochs(str(folder.path), folder.config(), budget)
    (chosen,), _ = plan.agreement.agree([own], False)
    return chosen


def _build(plan: Plan) -> keras.Model:
    """Return the model with its initial weights, which depend only on the seed."""
    keras.utils.set_random_seed(plan.training.seed)
    with precision.policy(plan.recipe.precision), plan.strategy.scope():
        model = plan.spec.builder(**plan.recipe.options)
    if not model.compiled:
        raise ZooError(
            f"{plan.spec.name} is not compiled; call compile, with a loss, in its builder."
        )
    return model


def _load_data(plan: Plan) -> Dataset:
    training = plan.training
    if isinstance(training.dataset, Dataset):
        dataset = training.dataset
    else:
        with _keeping_random_state():
            dataset = data.load(
                training.dataset_name(plan.spec),
                training.data_dir,
                target=training.target,
                progress=plan.reporter.decoding,
            )
    plan.reporter.dataset(dataset)
    return dataset


@contextlib.contextmanager
def _keeping_random_state() -> Iterator[None]:
    """Restore the state of `random`, from which Keras takes the seeds of initial weights."""
    state = random.getstate()
    try:
        yield
    finally:
        random.setstate(state)


def _with_recipe_for(plan: Plan, dataset: Dataset) -> Plan:
    """Return the plan with the model's recipe for tables, if one is called for.

    It is if no recipe was chosen, the data set holds rows of numbers, in units of their own or for
    a model that learns photos by default, and no setting was given that the recipe's solver does
    not use.
    """
    spec, training = plan.spec, plan.training
    foreign = dataset.standardize or data.describe(spec.dataset).kind == "image"
    called_for = dataset.kind == "vector" and foreign and TABLE in spec.recipes
    if not called_for or training.recipe is not None:
        return plan
    training = replace(training, recipe=TABLE)
    try:
        recipe = replace(training.choose_recipe(spec), precision=plan.recipe.precision)
    except ZooError:
        return plan
    plan.reporter.say(f"Recipe {TABLE}, since the data set holds rows of numbers.")
    return replace(plan, training=training, recipe=recipe)


def _adapt_to_data(plan: Plan, model: keras.Model, dataset: Dataset) -> tuple[Plan, keras.Model]:
    """Adapt the plan and the model to the data set, and report what changed."""
    built = plan.recipe.options
    plan = _with_recipe_for(plan, dataset)
    recipe = plan.recipe
    given = dict(plan.training.options)
    if plan.training.batch_size is not None:
        given["batch_size"] = plan.training.batch_size
    adapted = adapt_to_data(recipe, plan.spec, dataset, plan.devices.replicas, given)
    if adapted != recipe:
        plan = replace(plan, recipe=replace(adapted, note=""))
    if adapted.options != built:
        # The only case in which a model is built twice.
        model = _build(plan)
    changed = [
        f"{name}={value}, since {reason}"
        for name, (value, reason) in options_of(dataset, plan.spec).items()
        if name not in recipe.options
    ]
    if adapted.batch_size != recipe.batch_size:
        changed.append(
            f"batches of {adapted.batch_size}, since there are {len(dataset.train)} training "
            "examples"
        )
    if changed:
        plan.reporter.say(f"Set by the data: {'; '.join(changed)}.")
    return plan, model


def _compile(plan: Plan, model: keras.Model, examples: int) -> None:
    """Compile the model with the recipe's optimizer, unless its builder did so."""
    recipe = plan.recipe
    steps = max(1, examples // max(1, recipe.batch_size)) * recipe.epochs
    with plan.strategy.scope():
        optimizer = recipe.build_optimizer(steps)
        if _unnamed(keras.optimizers.serialize(optimizer)) != _unnamed(
            model.get_compile_config()["optimizer"]
        ):
            compile_with(model, optimizer)


def _unnamed(optimizer: dict[str, Any]) -> dict[str, Any]:
    """Return an optimizer's configuration without its name, which Keras numbers."""
    return {**optimizer, "config": {**optimizer["config"], "name": None}}


def config_of(plan: Plan, model: keras.Model, dataset: Dataset, jit: bool) -> dict[str, Any]:
    """Return the content of config.json: everything that is needed to repeat the training."""
    training, spec, recipe = plan.training, plan.spec, plan.recipe
    name = training.dataset_name(spec)
    return {
        "model": spec.name,
        "options": {**spec.options, **recipe.options},
        "architecture": identity.of_model(model, spec.builder),
        "dataset": dataset.identity(),
        "data_dir": data.location(name, training.data_dir),
        "settings": {**training.as_dict(), "run_dir": None},
        "recipe": asdict(recipe),
        "recipe_name": training.recipe_name(spec),
        "recipe_text": recipe.text(),
        "seed": training.seed,
        "precision": recipe.precision,
        "jit": jit,
        "source": training.source,
        "solver": {"name": recipe.solver, "penalty": recipe.penalty},
        "time_budget": _recorded_budget(plan),
        "strategy": {"name": plan.devices.name, "replicas": plan.devices.replicas},
        "versions": versions(),
        "plugins": plugins_of(
            spec.builder,
            spec.task,
            data.loader_of(name),
            model.loss,
        ),
        "machine": machine(),
    }


def _recorded_budget(plan: Plan) -> dict[str, float] | None:
    """Return the time budget in config.json, for which its number of epochs was chosen, if any."""
    folder = plan.folder
    if folder is None or not folder.config_path.is_file() or not folder.has_progress():
        return None
    return folder.config().get("time_budget")


def _agree_on_start(plan: Plan, config: dict[str, Any]) -> dict[str, Any] | None:
    """Return the results in the chief's run folder, if any; raise if the configs differ."""
    own = {"config": config, "results": _finished(plan.folder, config) if plan.folder else None}
    chief = json.loads(plan.agreement.broadcast(json.dumps(own).encode()))
    if cluster := plan.devices.cluster:
        own_config = json.loads(json.dumps(config))
        require_same_training(plan.agreement, cluster, chief["config"], own_config)
    return chief["results"]


def _finished(folder: RunFolder, config: dict[str, Any]) -> dict[str, Any] | None:
    """Return the results of a training that is finished and has its model, else None."""
    results = folder.results()
    if results is None or not folder.model_path.exists():
        return None
    counts_epochs = "epochs" in solver_entry(config["solver"]["name"]).reads
    stopped_early = results.get("stopped") == "patience"
    if counts_epochs and not stopped_early and results["epochs"] < config["recipe"]["epochs"]:
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
    """After a non-finite loss, clear a run folder without checkpoints, else keep it."""
    try:
        yield
    except NonFiniteLossError as error:
        if folder is None:
            raise
        folder.clear()
        if not folder.has_progress():
            raise
        sentence = str(error).removesuffix(".")
        raise NonFiniteLossError(
            f"{sentence} and another run folder: {folder.path} keeps its checkpoints."
        ) from error


def finish(
    context: TrainingContext, outcome: Outcome, config: dict[str, Any], remedy: str
) -> dict[str, Any]:
    """Evaluate the model on the test set, save it, and return the content of results.json."""
    dataset, folder = context.dataset, context.folder
    test = context.evaluation("test").run()
    require_finite_figures(test, "on the test set", remedy)
    require_finite_weights(context.model.get_weights(), "at the end", remedy)
    results = {
        "model": context.spec.name,
        "dataset": config["dataset"],
        "examples": {
            split: len(getattr(dataset, split)) for split in ("train", "validation", "test")
        },
        "skipped": list(dataset.skipped),
        "solver": config["solver"],
        **outcome.as_dict(),
        "test": test,
    }
    if folder:
        save_trained(context, folder.model_path)
        results["model_sha256"] = sha256(folder.model_path)
        write_json(folder.results_path, results)
    return results

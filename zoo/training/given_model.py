"""The run folder of a model that was trained elsewhere, as if `zoo.train` had trained it.

It can be evaluated, exported and reported on like every other run.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import keras

from zoo.data import Dataset
from zoo.errors import ZooError
from zoo.models import describe
from zoo.registry.recipes import Recipe
from zoo.training import strategies
from zoo.training.checks import check_fits
from zoo.training.context import Plan, TrainingContext
from zoo.training.finite import SMALLER_RATE
from zoo.training.reporter import Silent
from zoo.training.run import config_of, finish
from zoo.training.run_folder import RunFolder
from zoo.training.settings import Training
from zoo.training.signals import StopRequest
from zoo.training.solvers import Outcome


def write_run(
    run_dir: str | Path,
    name: str,
    model: keras.Model,
    dataset: Dataset,
    *,
    recipe: Recipe,
    epochs: int,
    steps: int,
    seed: int = 0,
    remedy: str = SMALLER_RATE,
) -> dict[str, Any]:
    """Evaluate a trained model on the test set and write its run folder.

    Args:
        run_dir: an empty folder, or one that is created.
        name: the registered model.
        model: it, compiled, in float32, as `zoo.build(name, **recipe.options)` returns it, with its
            trained weights.
        dataset: what it was trained on.
        recipe: how it was trained.
        epochs: how many epochs were finished.
        steps: how many updates were made.
        seed: of the training.
        remedy: what to try if a metric or a weight is not finite, for the error message.

    Returns:
        The content of results.json and the run folder, as `zoo.train`.

    Raises:
        ZooError: if the folder is not empty, the data does not fit the model, or a metric or a
            weight is not finite.
    """
    spec = describe(name)
    folder = RunFolder(run_dir)
    training = Training(
        name, recipe=recipe, dataset=dataset, seed=seed, run_dir=folder.path, strategy="cpu"
    )
    training.check()
    devices = strategies.choose("cpu")
    plan = Plan(training, spec, recipe, devices, devices.agreement(), folder, Silent())
    check_fits(model, spec, dataset)
    config = {**config_of(plan, model, dataset, False), "start_from": None}
    with folder.lock(), contextlib.ExitStack() as opened:
        if folder.config_path.exists():
            raise ZooError(f"{folder.path} is the folder of another run; give an empty folder.")
        folder.check(config)
        folder.write_config(config)
        context = TrainingContext(
            **vars(plan),
            model=model,
            dataset=dataset,
            jit=False,
            stop=StopRequest(),
            opened=opened,
        )
        results = finish(context, Outcome(epochs, steps, {}), config, remedy)
    return {**results, "run_dir": str(folder.path)}

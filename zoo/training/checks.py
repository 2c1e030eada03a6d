"""Adapt a recipe to a data set, and check that a model and a data set fit together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import keras

from zoo.data import Dataset
from zoo.errors import ZooError
from zoo.registry import ModelSpec
from zoo.registry.recipes import Recipe
from zoo.registry.solvers import solver_entry


def adapt_to_data(
    recipe: Recipe, spec: ModelSpec, dataset: Dataset, replicas: int, given: Mapping[str, Any]
) -> Recipe:
    """Return the recipe with the model's options and the batch size adapted to the data set.

    Args:
        recipe: the recipe.
        spec: the model's specification.
        dataset: the data set to train on.
        replicas: number of replicas that share a batch.
        given: settings given by the user, which are not changed: options, and "batch_size".
    """
    options = {
        name: value
        for name, (value, _) in options_of(dataset, spec).items()
        if name not in {**recipe.options, **given}
    }
    if options:
        recipe = replace(recipe, options={**recipe.options, **options})
    examples = len(dataset.train)
    reads_batches = "batch_size" in solver_entry(recipe.solver).reads
    if reads_batches and recipe.batch_size > examples and "batch_size" not in given:
        # Every replica gets the same number of examples.
        largest = examples // replicas * replicas
        if largest:
            recipe = replace(recipe, batch_size=largest)
    return recipe


def options_of(dataset: Dataset, spec: ModelSpec) -> dict[str, tuple[Any, str]]:
    """Return the options that must differ from the defaults for a data set, each with a reason.

    Args:
        dataset: the data set to train on.
        spec: the specification of the model, whose other options are ignored.
    """
    wanted: dict[str, tuple[Any, str]] = {}
    labels, values = len(dataset.labels), len(dataset.values)
    if dataset.kind == "vector":
        x: Any = dataset.train.x
        wanted["inputs"] = (x.shape[1], f"the data set has {x.shape[1]} numbers per example")
    elif "size" in spec.options:
        wanted["inputs"] = (0, "the data set holds photos")
    if labels >= 2:
        wanted["classes"] = (labels, f"the data set has {labels} labels")
    if values:
        noun = "value" if values == 1 else "values"
        wanted["values"] = wanted["outputs"] = (values, f"the data set has {values} {noun}")
    # Photos are scaled in any case; values that belong to photos are not.
    if dataset.standardize and (dataset.kind == "vector" or values):
        wanted["standardize"] = (True, "its numbers are in units of their own")
    return {
        name: found
        for name, found in wanted.items()
        if name in spec.options and found[0] != spec.options[name]
    }


def check_fits(model: keras.Model, spec: ModelSpec, dataset: Dataset) -> None:
    """Check that the inputs and targets of a data set fit a model.

    Raises:
        ZooError: if they do not; the message says what to change.
    """
    kind = "image" if model.inputs[0].name == "image" else "vector"
    if kind != dataset.kind:
        raise ZooError(
            f"{spec.name} takes {_INPUTS[kind]}, but the data set {dataset.name} holds "
            f"{_INPUTS[dataset.kind]}; {_remedy(spec, dataset)}."
        )
    x: Any = dataset.train.x
    if kind == "vector" and x.shape[1] != model.input_shape[1]:
        inputs = x.shape[1]
        remedy = (
            f"--set inputs={inputs}" if "inputs" in spec.options else "choose another --dataset"
        )
        taken = model.input_shape[1]
        numbers = "1 number" if taken == 1 else f"{taken} numbers"
        raise ZooError(
            f"{spec.name} takes {numbers}, but {dataset.name} has {inputs} per example; {remedy}."
        )
    spec.task_of(model).check(spec.name, model.output_shape[-1], dataset, spec.options)


_INPUTS = {"image": "photos", "vector": "rows of numbers"}


def _remedy(spec: ModelSpec, dataset: Dataset) -> str:
    """Return what to do about a data set of the other kind than the model's inputs."""
    takes_both = {"inputs", "size"} <= set(spec.options)
    if not takes_both:
        return f"choose another --dataset, or a model that takes {_INPUTS[dataset.kind]}"
    x: Any = dataset.train.x
    return f"--set inputs={x.shape[1] if dataset.kind == 'vector' else 0}"

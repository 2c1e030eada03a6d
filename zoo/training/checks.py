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


def adapt_to_data(
    recipe: Recipe, spec: ModelSpec, dataset: Dataset, replicas: int, given: Mapping[str, Any]
) -> Recipe:
    """Return the recipe with the number of classes and the batch size adapted to the data set.

    Args:
        recipe: the recipe.
        spec: the model's specification.
        dataset: the data set to train on.
        replicas: number of replicas that share a batch.
        given: settings given by the user, which are not changed: options, and "batch_size".
    """
    labels, examples = len(dataset.labels), len(dataset.train)
    free = "classes" in spec.options and "classes" not in {**recipe.options, **given}
    if free and labels != spec.options["classes"] and labels >= 2:
        recipe = replace(recipe, options={**recipe.options, "classes": labels})
    if recipe.batch_size > examples and "batch_size" not in given:
        # Every replica gets the same number of examples.
        largest = examples // replicas * replicas
        if largest:
            recipe = replace(recipe, batch_size=largest)
    return recipe


def check_fits(model: keras.Model, spec: ModelSpec, dataset: Dataset) -> None:
    """Check that the inputs and targets of a data set fit a model.

    Raises:
        ZooError: if they do not; the message says what to change.
    """
    kind = "image" if model.inputs[0].name == "image" else "vector"
    if kind != dataset.kind:
        raise ZooError(
            f"{spec.name} takes {kind} inputs, but the data set {dataset.name} holds "
            f"{dataset.kind}s; choose another --dataset."
        )
    x: Any = dataset.train.x
    if kind == "vector" and x.shape[1] != model.input_shape[1]:
        inputs = x.shape[1]
        remedy = (
            f"--set inputs={inputs}" if "inputs" in spec.options else "choose another --dataset"
        )
        raise ZooError(
            f"{spec.name} takes {model.input_shape[1]} numbers, but {dataset.name} has "
            f"{inputs} per example; {remedy}."
        )
    spec.task_of(model).check(spec.name, model.output_shape[-1], dataset, spec.options)

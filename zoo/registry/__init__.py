"""The registries of models, tasks and solvers, which need neither Keras nor TensorFlow."""

from zoo.registry.models import (
    ModelSpec,
    check_options,
    describe,
    list_models,
    parse_option,
    register,
)
from zoo.registry.plugins import load_plugins, register_custom_objects
from zoo.registry.recipes import Augmentation, Recipe
from zoo.registry.solvers import register_solver
from zoo.registry.tasks import Classes, Limits, Sign, Task, Threshold, Value, Values, register_task

__all__ = [
    "Augmentation",
    "Classes",
    "Limits",
    "ModelSpec",
    "Recipe",
    "Sign",
    "Task",
    "Threshold",
    "Value",
    "Values",
    "check_options",
    "describe",
    "list_models",
    "load_plugins",
    "parse_option",
    "register",
    "register_custom_objects",
    "register_solver",
    "register_task",
]

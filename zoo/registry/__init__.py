"""The registries of models, tasks and solvers, which need neither Keras nor TensorFlow.

The names below are imported when they are first used: tasks need NumPy, settings and recipes
do not.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    from zoo.registry.tasks import (
        Classes,
        Limits,
        Sign,
        Task,
        Threshold,
        Value,
        Values,
        register_task,
    )

_HOME = {
    "Augmentation": "recipes",
    "Classes": "tasks",
    "Limits": "tasks",
    "ModelSpec": "models",
    "Recipe": "recipes",
    "Sign": "tasks",
    "Task": "tasks",
    "Threshold": "tasks",
    "Value": "tasks",
    "Values": "tasks",
    "check_options": "models",
    "describe": "models",
    "list_models": "models",
    "load_plugins": "plugins",
    "parse_option": "models",
    "register": "models",
    "register_custom_objects": "plugins",
    "register_solver": "solvers",
    "register_task": "tasks",
}

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


def __getattr__(name):
    if name not in _HOME:
        raise AttributeError(f"module 'zoo.registry' has no attribute {name!r}")
    return getattr(importlib.import_module(f"zoo.registry.{_HOME[name]}"), name)

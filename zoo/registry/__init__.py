"""What a model is without Keras: specifications, recipes, published results."""

from zoo.registry.models import (
    ModelSpec,
    check_options,
    describe,
    list_models,
    parse_option,
    register,
)
from zoo.registry.recipes import Augmentation, Recipe
from zoo.registry.tasks import Classes, Sign, Task, Threshold, Value, Values

__all__ = [
    "Augmentation",
    "Classes",
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
    "parse_option",
    "register",
]

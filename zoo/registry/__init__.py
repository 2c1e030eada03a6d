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

__all__ = [
    "Augmentation",
    "ModelSpec",
    "Recipe",
    "check_options",
    "describe",
    "list_models",
    "parse_option",
    "register",
]

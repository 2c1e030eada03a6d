"""The lecture's models, one file per system; importing this registers them, without Keras."""

import importlib

from zoo.models.building import build
from zoo.registry import describe, list_models

# `list_models` keeps this order: the lecture's, then the models of values.
for _module in (
    "perceptron",
    "mark_one",
    "xor_mlp",
    "linear_cat_dog",
    "cifar_softmax",
    "deep_relu",
    "joint_classifier",
    "plane_classifier",
    "universal_approximator",
    "pinn_oscillator",
    "pinn_poisson",
    "pinn_burgers",
    "linear_regression",
    "deep_regression",
    "plane_regressor",
    "pose_regressor",
    "box_regressor",
):
    importlib.import_module(f"zoo.models.{_module}")

__all__ = ["build", "describe", "list_models"]

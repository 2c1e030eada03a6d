"""Registers all custom objects of saved models with Keras when imported, and loads models."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import keras

from zoo.errors import ZooError
from zoo.nn import (  # noqa: F401
    activations,
    burgers,
    features,
    initializers,
    inputs,
    losses,
    metrics,
    oriented_gradients,
    oscillator,
    patches,
    physics,
    picture_metrics,
    poisson,
    preprocessing,
    scaling,
    views,
)
from zoo.registry.plugins import check_plugins, import_custom_objects, recorded_plugins


def load_model(path: str | Path) -> keras.Model:
    """Load a `model.keras` that this package saved, compiled as it was trained.

    Args:
        path: the file, or a run folder or bundle that contains one.

    Raises:
        ZooError: if there is no such file, it is not a Keras model, or it needs a plugin that is
            not installed here.
    """
    path = Path(path)
    if path.is_dir():
        path = path / "model.keras"
    if not path.is_file():
        raise ZooError(f"There is no trained model at {path}; give a run folder or a .keras file.")
    import_custom_objects()
    try:
        with warnings.catch_warnings():
            # Trained models are saved without the optimizer's state.
            warnings.filterwarnings("ignore", "Skipping variable loading for optimizer")
            return keras.models.load_model(path)
    except (ValueError, OSError, KeyError, TypeError) as error:
        _check_recorded_plugins(path)
        reason = str(error).splitlines()[0][:200]
        raise ZooError(f"{path} cannot be loaded as a Keras model ({reason}).") from error


def _check_recorded_plugins(path: Path) -> None:
    """Raise an error if the run or bundle of a model records a plugin that is not loaded."""
    for name in ("config.json", "manifest.json"):
        try:
            record = json.loads((path.parent / name).read_text(encoding="utf-8"))
            recorded = recorded_plugins(record)
        except (OSError, ValueError, AttributeError):
            continue
        check_plugins(str(path), recorded)


import_custom_objects()

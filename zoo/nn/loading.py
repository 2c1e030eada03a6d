"""Everything a saved model of the zoo is made of, known to Keras once this is imported."""

from __future__ import annotations

import warnings
from pathlib import Path

import keras

from zoo.errors import ZooError

# Known to Keras from here on.
from zoo.nn import activations, initializers, inputs, losses, metrics, preprocessing  # noqa: F401


def load_model(path) -> keras.Model:
    """Load a `model.keras` that the zoo saved, compiled as it was.

    Args:
        path: the file, or a run folder or bundle that holds one.

    Raises:
        ZooError: if there is no such file or it is not a Keras model.
    """
    path = Path(path)
    if path.is_dir():
        path = path / "model.keras"
    if not path.is_file():
        raise ZooError(f"There is no trained model at {path}; give a run folder or a .keras file.")
    try:
        with warnings.catch_warnings():
            # A finished model is saved without the optimizer's state, three times its size.
            warnings.filterwarnings("ignore", "Skipping variable loading for optimizer")
            return keras.models.load_model(path)
    except (ValueError, OSError, KeyError, TypeError) as error:
        reason = str(error).splitlines()[0][:200]
        raise ZooError(f"{path} cannot be loaded as a Keras model ({reason}).") from error

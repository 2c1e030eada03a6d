"""Training. Modules that need TensorFlow are imported when they are first used."""

import importlib

_HOME = {
    "Training": "zoo.training.settings",
    "evaluate": "zoo.training.trained_model",
    "is_chief": "zoo.training.strategies",
    "train": "zoo.training.run",
}

__all__ = sorted(_HOME)


def __getattr__(name):
    if name not in _HOME:
        raise AttributeError(f"module 'zoo.training' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)

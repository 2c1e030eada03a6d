"""The models of an introductory neural-network lecture, from the perceptron to deep ReLU stacks.

>>> import zoo
>>> zoo.list_models(task="threshold")
['perceptron', 'mark_one', 'xor_mlp', 'plane_classifier']

Importing this package loads neither TensorFlow nor Keras; the names below load what they need
when they are first used. Once both are imported, `keras.models.load_model` reads saved models.
"""

import importlib

from zoo.nn.keras_registration import register_when_imported
from zoo.utils.version import __version__ as __version__

_HOME = {
    "build": "zoo.models",
    "describe": "zoo.models",
    "list_models": "zoo.models",
    "register": "zoo.registry",
    "ModelSpec": "zoo.registry",
    "Recipe": "zoo.registry",
    "Classes": "zoo.registry",
    "Limits": "zoo.registry",
    "Sign": "zoo.registry",
    "Threshold": "zoo.registry",
    "Value": "zoo.registry",
    "Values": "zoo.registry",
    "ZooError": "zoo.errors",
    "load_model": "zoo.nn.loading",
    "train": "zoo.training",
    "evaluate": "zoo.training",
    "export_run": "zoo.export.bundle",
}
_ROOMS = ("data", "edge", "testing")

__all__ = sorted(["__version__", *_HOME, *_ROOMS])


def __getattr__(name):
    if name in _ROOMS:
        return importlib.import_module(f"zoo.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'zoo' has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(_HOME[name]), name)
    except ModuleNotFoundError as error:
        if (error.name or "zoo").split(".")[0] not in ("keras", "tensorflow"):
            raise
        from zoo.errors import ZooError
        from zoo.utils.quiet import missing

        raise ZooError(missing(f"zoo.{name}", error)) from error


def __dir__():
    return __all__


register_when_imported()

"""Registers this package's layers, losses and metrics with Keras once both are imported.

`keras.models.load_model` looks custom objects up in Keras's registry. `import zoo` must not import
Keras, and may come before or after `import keras`, so an import hook registers them in time.
"""

from __future__ import annotations

import importlib
import sys
from importlib.abc import MetaPathFinder
from typing import Any

_COMPONENTS = "zoo.nn.loading"


def register_when_imported() -> None:
    """Register the components with Keras: now if it is imported, else when it is."""
    if sys.modules.get("keras") is not None:
        _register(sys.modules["keras"])
    elif not any(isinstance(finder, _AfterKeras) for finder in sys.meta_path):
        sys.meta_path.insert(0, _AfterKeras())


def _register(keras: Any) -> None:
    # The models do not run on other backends, for which Keras is left as it is.
    if keras.config.backend() == "tensorflow":
        importlib.import_module(_COMPONENTS)


class _AfterKeras(MetaPathFinder):
    """A finder that delegates to the others and imports the components after Keras."""

    def find_spec(self, fullname, path=None, target=None):
        """Return the module spec that the other finders have for Keras, None for other modules."""
        if fullname != "keras":
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        found = (finder.find_spec(fullname, path, target) for finder in others)
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None and spec.loader is not None:
            self._follow(spec.loader)
        return spec

    def _follow(self, loader: Any) -> None:
        execute = loader.exec_module

        def exec_module(module):
            execute(module)
            if self in sys.meta_path:
                sys.meta_path.remove(self)
            _register(module)

        # Only this method is replaced: the loader is still asked for source and data files.
        loader.exec_module = exec_module

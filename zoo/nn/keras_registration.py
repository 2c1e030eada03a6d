"""Keras learns what saved models of the zoo are made of as soon as both are imported.

`keras.models.load_model` asks Keras's own list for every activation, layer, loss and metric that is
not its own. Importing `zoo` must not import Keras, and may come before or after it.
"""

from __future__ import annotations

import importlib
import sys
from importlib.abc import MetaPathFinder

_COMPONENTS = "zoo.nn.loading"


def register_when_imported() -> None:
    """Register the zoo's components with Keras: now if it is imported, else once it is."""
    if "keras" in sys.modules:
        _register(sys.modules["keras"])
    elif not any(isinstance(finder, _AfterKeras) for finder in sys.meta_path):
        sys.meta_path.insert(0, _AfterKeras())


def _register(keras) -> None:
    # On another backend the zoo's models do not run; whoever chose it gets Keras as it is.
    if keras.config.backend() == "tensorflow":
        importlib.import_module(_COMPONENTS)


class _AfterKeras(MetaPathFinder):
    """Lets the other finders find Keras, and has the components imported when it is there."""

    def find_spec(self, fullname, path=None, target=None):
        """Return the specification that the other finders have for Keras, None for the rest."""
        if fullname != "keras":
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        found = (finder.find_spec(fullname, path, target) for finder in others)
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None and spec.loader is not None:
            self._follow(spec.loader)
        return spec

    def _follow(self, loader) -> None:
        execute = loader.exec_module

        def exec_module(module):
            execute(module)
            if self in sys.meta_path:
                sys.meta_path.remove(self)
            _register(module)

        # The loader itself stays what it is, for whoever asks it for source or data files.
        loader.exec_module = exec_module

"""A hash of a model's architecture, to check that a resumed training has the same model."""

from __future__ import annotations

import hashlib
import inspect
import json
import re
from collections.abc import Callable
from typing import Any

import keras

_PACKAGES = ("zoo.", "keras.")
_DIGITS = 16


def of_model(model: keras.Model, builder: Callable) -> str:
    """Return 16 hexadecimal digits, a hash of layers, options, loss, metrics and source code.

    Names that Keras generates, which count the layers in a process, are left out. Source code is
    that of the builder and the classes of the model, if available and not part of this package or
    Keras, whose versions are in config.json.
    """
    compiled = model.get_compile_config() or {}
    kinds = [type(layer) for layer in model._flatten_layers()]
    parts = [
        *layers_of(model),
        *(_plain(compiled.get(key)) for key in ("loss", "weighted_metrics")),
        *_sources([builder, *kinds, type(model.loss)]),
    ]
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def layers_of(model: keras.Model) -> list:
    """Return each layer's class and configuration, without names that Keras generates."""
    return [form_of(layer) for layer in model._flatten_layers() if not hasattr(layer, "layers")]


def form_of(layer: keras.layers.Layer) -> list:
    """Return a layer's class and configuration, without names that Keras generates."""
    return [_home(type(layer)), _plain(layer.get_config())]


def _plain(config: Any) -> Any:
    """Return a configuration without names that Keras generates."""
    if isinstance(config, dict):
        return {key: _plain(value) for key, value in config.items() if key not in _GENERATED}
    if isinstance(config, (list, tuple)):
        return [_plain(value) for value in config]
    if callable(config):
        return getattr(config, "__name__", type(config).__name__)
    # The default repr contains the object's address.
    return config if _is_json(config) else re.sub(r" at 0x[0-9a-f]+", "", repr(config))


_GENERATED = ("name", "shared_object_id", "build_config", "inbound_nodes")


def _is_json(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float, str))


def _home(thing: Any) -> str:
    return f"{thing.__module__}.{getattr(thing, '__qualname__', type(thing).__qualname__)}"


def _sources(things: list) -> list[str]:
    found = {}
    for thing in things:
        home = _home(thing)
        if home.startswith(_PACKAGES):
            continue
        try:
            found[home] = inspect.getsource(thing)
        except (OSError, TypeError):
            found[home] = ""
    return [found[home] for home in sorted(found)]

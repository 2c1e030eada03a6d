"""Plugins: modules outside this package that register models, data sets and tasks.

A plugin is listed in the entry-point group `zoo.plugins` of an installed distribution, or in the
environment variable ZOO_PLUGINS, which `zoo --plugin NAME` extends: names of modules or paths of
Python files, separated as in PATH. Worker processes inherit the variable.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib
import importlib.util
import inspect
import logging
import os
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from zoo.errors import ZooError
from zoo.utils.text import printable

GROUP = "zoo.plugins"
VARIABLE = "ZOO_PLUGINS"
_Content = TypeVar("_Content")
_log = logging.getLogger("zoo")


@dataclass(frozen=True)
class Plugin:
    """A plugin that was found.

    Args:
        module: name of the imported module; for a file, its name without ".py".
        version: of its distribution, else the module's `__version__`, else for a file "sha256 "
            and 16 digits of its hash; "" if there is none of these.
        problem: why it cannot be imported; "" if it was imported.
    """

    module: str
    version: str
    problem: str = ""


# Plugins by the module name or path that the user gave.
_plugins: dict[str, Plugin] = {}
_custom_objects: list[str] = []
_registries: list[dict[str, Any]] = []
_loading: list[str] = []
_lock = threading.RLock()


def load_plugins() -> tuple[Plugin, ...]:
    """Import every plugin that is installed or listed in ZOO_PLUGINS, once, and return all.

    If one cannot be imported, the logger "zoo" warns about it; the others are still loaded.
    """
    with _lock:
        installed = _installed()
        for target in dict.fromkeys([*installed, *_named()]):
            # A plugin may list the models while it is imported.
            if target not in _plugins and not _loading:
                _loading.append(target)
                try:
                    _plugins[target] = _load(target, installed.get(target, ""))
                finally:
                    _loading.clear()
        return tuple(_plugins.values())


def registry(content: Mapping[str, _Content]) -> dict[str, _Content]:
    """Return a dict that plugins may add to; entries of a plugin that fails to import are removed.

    Args:
        content: the initial entries.
    """
    added: dict[str, _Content] = dict(content)
    _registries.append(added)
    return added


def name_plugin(name: str) -> None:
    """Add a plugin to ZOO_PLUGINS, for this process and its children; it is imported when needed.

    Args:
        name: name of a module, or path of a Python file.

    Raises:
        ZooError: if there is no such module or file.
    """
    target = name
    if _is_file(name):
        path = Path(name).resolve()
        if not path.is_file():
            raise ZooError(f"There is no plugin {name}: no such file.")
        if os.pathsep in str(path):
            raise ZooError(f"The plugin's path {path} has a {os.pathsep!r} in it; move the file.")
        target = str(path)
    elif not _is_found(name):
        raise ZooError(
            f"There is no plugin {name!r}: no module of this name is installed; give a module's "
            "name, or the path of a .py file."
        )
    names = _named()
    if target not in names:
        os.environ[VARIABLE] = os.pathsep.join([*names, target])


def register_custom_objects(module: str) -> None:
    """Register a module with a plugin's layers, losses and metrics, imported along with Keras.

    A plugin with such a module need not import Keras itself: listing models and data sets stays
    fast and works without Keras. The classes in the module are decorated with
    `keras.saving.register_keras_serializable(package)`.

    Args:
        module: name of the module, such as "my_models.layers".
    """
    if module not in _custom_objects:
        _custom_objects.append(module)
    # If Keras is in use already, import the module now. If it needs something that the plugin has
    # not defined yet, it is imported later.
    if "zoo.nn.loading" in sys.modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)


def import_custom_objects() -> None:
    """Import all plugins and the modules with their layers, losses and metrics; needs Keras.

    If a module cannot be imported, the logger "zoo" warns about it.
    """
    load_plugins()
    with _lock:
        for module in [name for name in _custom_objects if name not in sys.modules]:
            try:
                importlib.import_module(module)
            except Exception as error:
                _warn(module, _reason(error))


def plugins_of(*things: Any) -> dict[str, str]:
    """Return the versions, by module, of the loaded plugins that define the given objects.

    Args:
        things: functions, classes or instances, such as a model's builder.
    """
    homes = {_package(_home(thing)) for thing in things}
    return {
        plugin.module: plugin.version
        for plugin in load_plugins()
        if not plugin.problem and _package(plugin.module) in homes
    }


def check_plugins(where: str, recorded: Mapping[str, str] | None) -> None:
    """Check that every recorded plugin is loaded.

    Only plugins that the user installed or named are loaded; a file must not cause imports.

    Args:
        where: the file or folder with the record, for the error message.
        recorded: versions by module, as `plugins_of` returns them; None for none.

    Raises:
        ZooError: for the first plugin that is not loaded.
    """
    loaded = {plugin.module: plugin for plugin in load_plugins()}
    for module, version in (recorded or {}).items():
        plugin = loaded.get(module)
        stated = f"{printable(module)}{f' ({printable(version)})' if version else ''}"
        if plugin is None:
            raise ZooError(
                f"{where} needs the plugin {stated}, which is not installed here; install it, or "
                f"name its module or file with --plugin (or in {VARIABLE})."
            )
        if plugin.problem:
            raise ZooError(
                f"{where} needs the plugin {stated}, which cannot be imported ({plugin.problem})."
            )


def recorded_plugins(config: Mapping[str, Any]) -> dict[str, str]:
    """Return the "plugins" of a config.json or manifest; an empty dict if it has none."""
    found = config.get("plugins")
    return dict(found) if isinstance(found, Mapping) else {}


def _named() -> list[str]:
    return [name for name in os.environ.get(VARIABLE, "").split(os.pathsep) if name]


@functools.cache
def _installed() -> dict[str, str]:
    return {
        entry.module: entry.dist.version if entry.dist else ""
        for entry in metadata.entry_points(group=GROUP)
    }


def _load(target: str, version: str) -> Plugin:
    # Imported here, as it imports numpy: only needed if there is a plugin.
    from zoo.edge import quiet_stderr

    name = _module_name(target)
    before = [dict(registered) for registered in _registries]
    # Hides what libraries print on standard error when a plugin imports them.
    with quiet_stderr():
        try:
            module = _import_file(target) if _is_file(target) else importlib.import_module(target)
            return Plugin(name, version or _version(module, target))
        # Whatever exception a plugin raises must not break the rest.
        except (Exception, SystemExit) as error:
            problem = _reason(error)
    for registered, earlier in zip(_registries, before, strict=False):
        for added in registered.keys() - earlier.keys():
            del registered[added]
    _warn(target, problem)
    return Plugin(name, version, problem)


def _import_file(path: str) -> ModuleType:
    name = _module_name(path)
    if not name.isidentifier():
        raise ZooError(
            "its file name is not a valid module name; use letters, digits and underscores"
        )
    found = sys.modules.get(name) or importlib.util.find_spec(name)
    if found is not None:
        origin = getattr(found, "__file__", None) or getattr(found, "origin", None)
        if not origin or not Path(origin).exists() or not Path(origin).samefile(path):
            raise ZooError(f"there is another module named {name}; rename the file")
        if isinstance(found, ModuleType):
            return found
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ZooError("it is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _version(module: ModuleType, target: str) -> str:
    stated = getattr(module, "__version__", "")
    if not stated and _is_file(target):
        return f"sha256 {hashlib.sha256(Path(target).read_bytes()).hexdigest()[:16]}"
    return str(stated)


def _warn(target: str, problem: str) -> None:
    _log.warning("The plugin %s cannot be imported (%s).", printable(target), problem)


def _reason(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    text = printable(lines[0])[:300] if lines else ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _home(thing: Any) -> str:
    while isinstance(thing, functools.partial):
        thing = thing.func
    if callable(thing):
        thing = inspect.unwrap(thing)
    return getattr(thing, "__module__", None) or type(thing).__module__


def _package(module: str) -> str:
    return module.partition(".")[0]


def _is_file(name: str) -> bool:
    return name.endswith(".py") or "/" in name or os.sep in name


def _module_name(target: str) -> str:
    return Path(target).stem if _is_file(target) else target


def _is_found(module: str) -> bool:
    # For a dotted name, only the top-level package: finding a submodule would import it.
    package = _package(module)
    try:
        return package in sys.modules or importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):
        return False

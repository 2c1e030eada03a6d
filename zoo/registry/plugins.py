"""Plugins: modules outside of this package that register models, data sets and tasks.

A plugin is named by the entry-point group `zoo.plugins` of an installed distribution, or by the
environment variable ZOO_PLUGINS (`zoo --plugin NAME` adds to it): names of modules or paths of
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
    """One plugin, as it was found.

    Args:
        module: the name of the module that was imported; of a file, its name without ".py".
        version: of the distribution it comes with, else the module's `__version__`, else (of a
            file) "sha256 " and 16 digits of it; "" where there is none of these.
        problem: why it cannot be imported; "" if it was.
    """

    module: str
    version: str
    problem: str = ""


# By what names it, a module or a path.
_plugins: dict[str, Plugin] = {}
_custom_objects: list[str] = []
_registries: list[dict[str, Any]] = []
_loading: list[str] = []
_lock = threading.RLock()


def load_plugins() -> tuple[Plugin, ...]:
    """Import every plugin that is installed or named, each once, and return what was found.

    One that cannot be imported is named in a warning of the logger "zoo"; the others are loaded.
    """
    with _lock:
        installed = _installed()
        for target in dict.fromkeys([*installed, *_named()]):
            # A plugin may itself ask for the list of models while it is imported.
            if target not in _plugins and not _loading:
                _loading.append(target)
                try:
                    _plugins[target] = _load(target, installed.get(target, ""))
                finally:
                    _loading.clear()
        return tuple(_plugins.values())


def registry(content: Mapping[str, _Content]) -> dict[str, _Content]:
    """Return a dict that plugins add to; what one added that then cannot be imported is removed.

    Args:
        content: what is in it from the start.
    """
    added: dict[str, _Content] = dict(content)
    _registries.append(added)
    return added


def name_plugin(name: str) -> None:
    """Name a plugin to this process and the processes it starts; it is imported when needed.

    Args:
        name: of a module, or the path of a Python file.

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
    """Have a module with a plugin's layers, losses and metrics imported as soon as Keras is.

    A plugin that keeps them in a module of their own need not import Keras itself: listing models
    and data sets then takes no longer, and works where Keras is not installed. The classes in the
    module are decorated with `keras.saving.register_keras_serializable(package)`.

    Args:
        module: its name, such as "my_models.layers".
    """
    if module not in _custom_objects:
        _custom_objects.append(module)
    # Who imports Keras and then a plugin by itself finds them known to Keras too. Where the module
    # needs what the plugin has not defined yet, it is imported later.
    if "zoo.nn.loading" in sys.modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)


def import_custom_objects() -> None:
    """Import all plugins and the modules of their layers, losses and metrics; it needs Keras.

    A module that cannot be imported is named in a warning of the logger "zoo".
    """
    load_plugins()
    with _lock:
        for module in [name for name in _custom_objects if name not in sys.modules]:
            try:
                importlib.import_module(module)
            except Exception as error:
                _warn(module, _reason(error))


def plugins_of(*things: Any) -> dict[str, str]:
    """Return the version of each loaded plugin that one of these comes from, by its module.

    Args:
        things: functions, classes or objects, such as a model's builder.
    """
    homes = {_package(_home(thing)) for thing in things}
    return {
        plugin.module: plugin.version
        for plugin in load_plugins()
        if not plugin.problem and _package(plugin.module) in homes
    }


def check_plugins(where: str, recorded: Mapping[str, str] | None) -> None:
    """Raise one sentence unless every plugin that was recorded is loaded here.

    Only plugins that are installed or named are loaded: a file must not choose what is imported.

    Args:
        where: what they were recorded in, for the sentence.
        recorded: versions by module, as `plugins_of` returns them; None for none.

    Raises:
        ZooError: naming the first that is not.
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
    """Return the "plugins" of a config.json or manifest; none for one of another form."""
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
    # Numpy and Pillow come with it: only where there is a plugin.
    from zoo.edge import quiet_stderr

    name = _module_name(target)
    before = [dict(registered) for registered in _registries]
    # What libraries print on standard error as a plugin imports them belongs to no command.
    with quiet_stderr():
        try:
            module = _import_file(target) if _is_file(target) else importlib.import_module(target)
            return Plugin(name, version or _version(module, target))
        # A plugin is somebody else's code: whatever it raises must not take the rest down.
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
        raise ZooError("its file name is not a module's; use letters, digits and underscores")
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
    # Of a dotted name only the package is looked for: to look further would import it.
    package = _package(module)
    try:
        return package in sys.modules or importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):
        return False

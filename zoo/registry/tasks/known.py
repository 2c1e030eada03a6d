"""The registry of tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zoo.errors import ZooError
from zoo.registry.plugins import load_plugins, registry
from zoo.registry.tasks.base import Task
from zoo.registry.tasks.labels import Classes, Sign, Threshold
from zoo.registry.tasks.values import Values
from zoo.utils.choices import UnknownNameError, require_choice

# Names of tasks in earlier versions.
_FORMER_NAMES = {"binary": "threshold", "multiclass": "classes"}
_kinds: dict[str, type[Task]] = registry({})


def register_task(kind: type[Task]) -> type[Task]:
    """Register a task class by its name, so that manifests can refer to it.

    Raises:
        ValueError: if it is not a class of tasks with a name, or the name is taken.
    """
    if not (isinstance(kind, type) and issubclass(kind, Task)):
        raise ValueError(f"The kind of task {kind!r} is not a class that inherits from Task.")
    if not isinstance(getattr(kind, "name", None), str) or not kind.name.isidentifier():
        raise ValueError(
            f"The kind of task {kind.__name__} has no name; give it one of letters, digits and "
            "underscores."
        )
    if kind.name in _kinds:
        raise ValueError(f"A task named {kind.name!r} is registered already; choose another name.")
    _kinds[kind.name] = kind
    return kind


for _kind in (Threshold, Sign, Classes, Values):
    register_task(_kind)


def threshold_of(task: Task) -> float:
    """Return the threshold of a task.

    Raises:
        ZooError: for a task without a threshold.
    """
    if not isinstance(task, Threshold):
        raise ZooError(f"A model of the task {task.name!r} has no threshold.")
    return task.threshold


def task_names() -> Sequence[str]:
    """Return the names of all registered tasks.

    >>> list(task_names())[:4]
    ['threshold', 'sign', 'classes', 'values']
    """
    load_plugins()
    return tuple(_kinds)


def require_task(name: str) -> None:
    """Check that a task of this name is registered.

    Raises:
        UnknownNameError: if not; the message suggests similar names.
    """
    if name not in _kinds:
        load_plugins()
    if name in _FORMER_NAMES and name not in _kinds:
        raise UnknownNameError(f"The task {name!r} is now called {_FORMER_NAMES[name]!r}.")
    require_choice("task", name, _kinds)


def is_registered(task: Task) -> bool:
    """Return whether a task's kind is one that `register_task` has made known."""
    return _kinds.get(task.name) is type(task)


def task_of(manifest: Mapping[str, Any]) -> Task:
    """Return the task of a bundle from its manifest, as returned by `edge.read_manifest`.

    Raises:
        UnknownNameError: for a task that is not registered.
    """
    require_task(manifest["task"])
    return _kinds[manifest["task"]].from_contract(manifest["output"])

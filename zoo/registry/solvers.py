"""The registry of solvers: their names, classes, and the settings that they use.

A solver finds a model's weights; its interface is the protocol `zoo.training.solvers.Solver`.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from zoo.utils.choices import require_choice

_entries: dict[str, SolverEntry] = {}


@dataclass(frozen=True)
class SolverEntry:
    """A registered solver, which is imported only when it is used.

    Args:
        name: its name in recipes and for `--solver`.
        target: "package.module:Class" of a `zoo.training.solvers.Solver`.
        reads: the fields of `Recipe` and `zoo.training.Training` that this solver uses and some
            other solver does not.
    """

    name: str
    target: str
    reads: frozenset[str]


def register_solver(name: str, target: str, reads: Iterable[str]) -> None:
    """Register a solver; the arguments are those of `SolverEntry`.

    Raises:
        ValueError: if the name is taken.
    """
    if name in _entries:
        raise ValueError(f"A solver named {name!r} is registered already; choose another name.")
    _entries[name] = SolverEntry(name, target, frozenset(reads))


def solver_names() -> tuple[str, ...]:
    """Return the names of all solvers.

    >>> solver_names()[:3]
    ('gradient', 'exact', 'lbfgs')
    """
    return tuple(_entries)


def solver_entry(name: str) -> SolverEntry:
    """Return the registered solver of a name.

    Raises:
        UnknownNameError: for a name that is not registered.
    """
    require_choice("solver", name, _entries)
    return _entries[name]


def load_solver(name: str) -> Any:
    """Import a solver and return a new object of its class, a `zoo.training.solvers.Solver`.

    Raises:
        UnknownNameError: for a name that is not registered.
    """
    module, _, attribute = solver_entry(name).target.partition(":")
    return getattr(importlib.import_module(module), attribute)()


def readers_of(setting: str) -> tuple[str, ...]:
    """Return the names of the solvers that use a setting; an empty tuple if all do.

    >>> readers_of("whitening"), readers_of("seed")
    (('gradient',), ())
    """
    return tuple(entry.name for entry in _entries.values() if setting in entry.reads)


_DESCENT = (
    *("epochs", "batch_size", "learning_rate", "optimizer", "momentum", "weight_decay"),
    *("schedule", "warmup", "start_from", "precision", "jit", "checkpoint_every"),
)

register_solver(
    "gradient",
    "zoo.training.solvers.gradient:GradientSolver",
    (
        *_DESCENT,
        *("label_smoothing", "averaging", "augmentation", "whitening", "class_weight"),
        *("components", "patience", "profile", "time_budget"),
    ),
)
register_solver("exact", "zoo.training.solvers.ridge:RidgeSolver", ("penalty",))
register_solver(
    "lbfgs", "zoo.training.solvers.softmax_regression:SoftmaxRegressionSolver", ("penalty",)
)
register_solver("construction", "zoo.training.solvers.construction:ConstructionSolver", ())
register_solver(
    "bfgs",
    "zoo.training.solvers.quasi_newton:QuasiNewtonSolver",
    (*_DESCENT, "iterations", "sample", "update"),
)

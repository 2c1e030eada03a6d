"""Subclasses of Typer's commands and groups."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup

_Function = TypeVar("_Function", bound=Callable[..., Any])


class Command(TyperCommand):
    """A command whose help shows types only of options that take a value."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters for the parser and the help."""
        return _without_empty_types(super().get_params(ctx))


class Group(TyperGroup):
    """A group of commands with the same help."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters for the parser and the help."""
        return _without_empty_types(super().get_params(ctx))


class PhotoCommand(Command):
    """A command that takes files: `-hut.jpg` is a file, although `-h` is an option."""

    ignore_unknown_options = True

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the words; one that starts with a single dash but is not an option is a file."""
        return super().parse_args(ctx, [_as_file(word) for word in args])


class Commands(typer.Typer):
    """A group in which every command is a `Command`."""

    def __init__(self, **options: Any):
        super().__init__(
            cls=Group,
            no_args_is_help=True,
            context_settings={"help_option_names": ["-h", "--help"]},
            **options,
        )

    def command(
        self, name: str | None = None, *, cls: type[TyperCommand] | None = Command, **options: Any
    ) -> Callable[[_Function], _Function]:
        """Register a command."""
        return super().command(name, cls=cls, **options)


def _without_empty_types(params: list[Any]) -> list[Any]:
    for param in params:
        if isinstance(param, TyperArgument):
            # Its name and its help are enough; the type would read <list[Path]>.
            param.display_type_rich = lambda ctx: ""  # type: ignore[method-assign]
        elif getattr(param, "is_flag", False):
            param.metavar = ""
    return params


def _as_file(word: str) -> str:
    looks_like_one = re.match(r"-[^-].", word) and not re.fullmatch(r"[-+0-9.,eE]+|-inf|-nan", word)
    return f"./{word}" if looks_like_one else word

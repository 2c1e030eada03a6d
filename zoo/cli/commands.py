"""The kinds of commands that `zoo` is made of, on top of typer's."""

from __future__ import annotations

import re

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup


class Command(TyperCommand):
    """A command whose help names types only where a value is to be typed."""

    def get_params(self, ctx):
        """Return the parameters, as the parser and the help take them."""
        return _without_empty_types(super().get_params(ctx))


class Group(TyperGroup):
    """A command of commands, with the same help."""

    def get_params(self, ctx):
        """Return the parameters, as the parser and the help take them."""
        return _without_empty_types(super().get_params(ctx))


class PhotoCommand(Command):
    """A command that takes files: `-hut.jpg` is one, where `-h` asks for help."""

    def parse_args(self, ctx, args):
        """Read the words; one that begins with a single dash and is no option is a file."""
        return super().parse_args(ctx, [_as_file(word) for word in args])


class Commands(typer.Typer):
    """A group under which every command is a `Command`."""

    def __init__(self, **options):
        super().__init__(
            cls=Group,
            no_args_is_help=True,
            add_completion=False,
            context_settings={"help_option_names": ["-h", "--help"]},
            **options,
        )

    def command(self, name=None, *, cls=Command, **options):
        """Register a command."""
        return super().command(name, cls=cls, **options)


def _without_empty_types(params):
    for param in params:
        if isinstance(param, TyperArgument):
            # Its name and its help say what it is; the type would read <list[Path]>.
            param.display_type_rich = lambda ctx: ""
        elif getattr(param, "is_flag", False):
            param.metavar = ""
    return params


def _as_file(word: str) -> str:
    looks_like_one = re.match(r"-[^-].", word) and not re.fullmatch(r"[-+0-9.,eE]+|-inf|-nan", word)
    return f"./{word}" if looks_like_one else word

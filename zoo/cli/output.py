"""Output and exit codes of the `zoo` command."""

from __future__ import annotations

import contextlib
import functools
import io
import os
import shlex
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

import typer
from rich.console import Console

from zoo.errors import (
    BAD_INPUT,
    CHECK_FAILED,
    INTERRUPTED,
    SUCCESS,
    UNEXPECTED,
    Preempted,
    ZooError,
)
from zoo.utils.text import printable

DEBUG = "--debug"
DEBUG_VARIABLE = "ZOO_DEBUG"


class _SafeConsole(Console):
    """A console that escapes control characters, as in file names and labels."""

    def print(self, *objects: Any, **options: Any) -> None:
        super().print(*(_escaped(o) if isinstance(o, str) else o for o in objects), **options)


@functools.cache
def console() -> Console:
    """Return the console that writes to standard output.

    Names of the user's files and classes may look like markup or like the name of an emoji.
    """
    return _SafeConsole(markup=False, emoji=False)


def print_line(sentence: str) -> None:
    """Print a line to standard output, without wrapping, markup or highlighting."""
    console().print(sentence, highlight=False, soft_wrap=True)


def quoted(path: Path | str) -> str:
    """Return a path quoted for a shell."""
    return shlex.quote(str(path))


def print_error(sentence: str) -> None:
    """Print one line to standard error, if it is open."""
    if sys.stderr is None:
        return
    with contextlib.suppress(OSError, ValueError):
        print(printable(" ".join(sentence.split())), file=sys.stderr, flush=True)


def run_command(run: Callable[[list[str]], int | None], words: Sequence[str]) -> int:
    """Run a command and return its exit code, one of `zoo.errors.EXIT_CODES`.

    An exception becomes one line on standard error, after its traceback if `--debug` is given or
    ZOO_DEBUG is set.

    Args:
        run: takes the arguments without `--debug`; returns an exit code, or None for success.
        words: the command-line arguments.
    """
    words, debug = _without_debug(words)
    for stream in (sys.stdout, sys.stderr):
        # Characters that the terminal's encoding lacks are escaped.
        if isinstance(stream, io.TextIOWrapper):
            with contextlib.suppress(ValueError, OSError):
                stream.reconfigure(errors="backslashreplace")
    try:
        code = run(words) or SUCCESS
        if sys.stdout is not None:
            sys.stdout.flush()
        if code == INTERRUPTED:
            # Typer catches Ctrl-C and prints nothing.
            print_error("Stopped.")
    except (KeyboardInterrupt, Exception) as error:
        code = _report(error, debug)
    _discard_unwritten(sys.stdout)
    return code


def _without_debug(words: Sequence[str]) -> tuple[list[str], bool]:
    """Return the arguments without a --debug before "--", and whether to print tracebacks."""
    words = list(words)
    options = words[: words.index("--")] if "--" in words else words
    rest = [word for word in options if word != DEBUG] + words[len(options) :]
    variable = os.environ.get(DEBUG_VARIABLE, "") not in ("", "0")
    return rest, variable or len(rest) < len(words)


def _report(error: BaseException, debug: bool) -> int:
    """Print an exception's error message and return the exit code."""
    if isinstance(error, typer.Abort):
        # Typer raises Abort for Ctrl-C and for any EOFError.
        error = error.__cause__ or error
    if isinstance(error, KeyboardInterrupt):
        print_error("Stopped.")
        return INTERRUPTED
    if debug:
        with contextlib.suppress(OSError, ValueError):
            traceback.print_exception(error)
    if isinstance(error, BrokenPipeError) or isinstance(error.__cause__, BrokenPipeError):
        return CHECK_FAILED
    sentence, code = _sentence(error)
    if sentence:
        print_error(sentence)
    return code


def _sentence(error: BaseException) -> tuple[str, int]:
    if isinstance(error, Preempted):
        return str(error), error.exit_code
    # zoo.edge, which imports nothing of this package, has its own exception classes.
    if isinstance(error, ZooError) or type(error).__module__ == "zoo.edge":
        return f"error: {error}", getattr(error, "exit_code", BAD_INPUT)
    if sentence := _wrong_type(error):
        return f"error: {sentence}", BAD_INPUT
    if hasattr(error, "format_message"):
        # A usage error of Typer, such as an unknown option; the message is empty if the help was
        # printed instead.
        message = error.format_message()
        return f"error: {message}" if message else "", BAD_INPUT
    if isinstance(error, OSError) and error.strerror:
        what = "Reading or writing" if error.filename is None else f"Access to {error.filename}"
        return f"error: {what} failed ({error.strerror}).", BAD_INPUT
    if isinstance(error, MemoryError):
        return "error: This needs more memory than is available.", BAD_INPUT
    return (
        f"error: Unexpected {type(error).__name__}: {_shortened(error)} This is a bug of zoo, "
        f"not of your input; repeat the command with {DEBUG} for the traceback.",
        UNEXPECTED,
    )


_KINDS = {"int": "a whole number", "float": "a number"}


def _wrong_type(error: BaseException) -> str | None:
    """Return the sentence for an option whose value is of the wrong type; None for other errors."""
    # Typer reads values with pydantic, whose errors are of types such as "int_parsing".
    option, errors = getattr(error, "param", None), getattr(error.__cause__, "errors", None)
    if option is None or errors is None:
        return None
    (found, *_) = errors()
    kind = _KINDS.get(found["type"].partition("_")[0])
    if kind is None:
        return None
    return f"{max(option.opts, key=len)} is {str(found['input'])[:80]!r}; give {kind}."


def _shortened(error: BaseException) -> str:
    text = " ".join(str(error).split())
    text = text if len(text) <= 200 else f"{text[:200]}…"
    return text if text.endswith((".", "…")) else f"{text}."


def _discard_unwritten(stream: TextIO | None) -> None:
    """Flush a stream; if that fails, redirect it to the null device.

    Otherwise the interpreter would print an exception when it flushes the stream at exit.
    """
    if stream is None:
        return
    try:
        stream.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)


def _escaped(text: str) -> str:
    """Return text with all control characters except line breaks escaped."""
    return "\n".join(printable(line) for line in text.split("\n"))

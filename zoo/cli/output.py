"""What the `zoo` command prints, and how it ends: one way out for sentences, errors and codes."""

from __future__ import annotations

import contextlib
import functools
import os
import shlex
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from zoo.errors import BAD_INPUT, INTERRUPTED, SHORT_OF_THE_GATE, UNEXPECTED, ZooError
from zoo.utils.text import printable

DEBUG = "--debug"
DEBUG_VARIABLE = "ZOO_DEBUG"


class _OutsideTextConsole(Console):
    """A console on which text from outside, a file name or a label, cannot act."""

    def print(self, *objects: Any, **options: Any) -> None:
        super().print(*(_lines(o) if isinstance(o, str) else o for o in objects), **options)


@functools.cache
def console() -> Console:
    """Return the console of the command line; where it writes is asked anew each time."""
    return _OutsideTextConsole()


def say(sentence: str) -> None:
    """Print a line on standard output, unwrapped, with nothing in it taken for markup."""
    console().print(sentence, markup=False, highlight=False, soft_wrap=True)


def quoted(path: Path | str) -> str:
    """Return a path as it is typed in a shell."""
    return shlex.quote(str(path))


def complain(sentence: str) -> None:
    """Print one line on standard error, if there is any to print on."""
    if sys.stderr is None:
        return
    with contextlib.suppress(OSError, ValueError):
        print(printable(" ".join(sentence.split())), file=sys.stderr, flush=True)


def end(run: Callable[[list[str]], int | None], words: Sequence[str]) -> int:
    """Run a command and return its exit code, one of `zoo.errors.EXIT_CODES`.

    Whatever it raises is told in one line on standard error; the trace too, where `--debug`
    stands among the words or ZOO_DEBUG is set.

    Args:
        run: what takes the words without `--debug` and returns a code, None for 0.
        words: of the command line.
    """
    words, debug = _debug(words)
    for stream in (sys.stdout, sys.stderr):
        # What a terminal's encoding has no character for is written as an escape.
        with contextlib.suppress(AttributeError, ValueError, OSError):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = run(words) or 0
        if sys.stdout is not None:
            sys.stdout.flush()
        if code == INTERRUPTED:
            # The parser catches Ctrl-C and says nothing.
            complain("Stopped.")
    except (KeyboardInterrupt, Exception) as error:
        code = _tell(error, debug)
    _leave_quietly(sys.stdout)
    return code


def _debug(words: Sequence[str]) -> tuple[list[str], bool]:
    """Return the words without --debug, wherever it stands before a "--", and whether it stood."""
    words = list(words)
    options = words[: words.index("--")] if "--" in words else words
    rest = [word for word in options if word != DEBUG] + words[len(options) :]
    asked = os.environ.get(DEBUG_VARIABLE, "") not in ("", "0")
    return rest, asked or len(rest) < len(words)


def _tell(error: BaseException, debug: bool) -> int:
    """Print what became of a command and return the exit code."""
    if isinstance(error, typer.Abort):
        # The parser's name for Ctrl-C, and for an end of file, which may be any file's.
        error = error.__cause__ or error
    if isinstance(error, KeyboardInterrupt):
        complain("Stopped.")
        return INTERRUPTED
    if debug:
        with contextlib.suppress(OSError, ValueError):
            traceback.print_exception(error)
    if isinstance(error, BrokenPipeError) or isinstance(error.__cause__, BrokenPipeError):
        return SHORT_OF_THE_GATE
    sentence, code = _sentence(error)
    if sentence:
        complain(sentence)
    return code


def _sentence(error: Exception) -> tuple[str, int]:
    # zoo.edge, which imports nothing of this package, has errors of its own.
    if isinstance(error, ZooError) or type(error).__module__ == "zoo.edge":
        return f"error: {error}", getattr(error, "exit_code", BAD_INPUT)
    signals = sys.modules.get("zoo.training.signals")
    if signals is not None and isinstance(error, signals.Preempted):
        return str(error), error.exit_code
    if hasattr(error, "format_message"):
        # The parser's own: a missing argument, an unknown option. Where it printed the help
        # instead, there is no message.
        message = error.format_message()
        return f"error: {message}" if message else "", BAD_INPUT
    if isinstance(error, OSError) and error.strerror:
        what = "Reading or writing" if error.filename is None else f"Access to {error.filename}"
        return f"error: {what} failed ({error.strerror}).", BAD_INPUT
    if isinstance(error, MemoryError):
        return "error: This needs more memory than there is.", BAD_INPUT
    return (
        f"error: Unexpected {type(error).__name__}: {_shortened(error)} This is a defect of zoo, "
        f"not of your input; the same command with {DEBUG} shows where.",
        UNEXPECTED,
    )


def _shortened(error: Exception) -> str:
    text = " ".join(str(error).split())
    text = text if len(text) <= 200 else f"{text[:200]}…"
    return text if text.endswith((".", "…")) else f"{text}."


def _leave_quietly(stream: Any) -> None:
    """Let what a broken stream still holds go nowhere; the interpreter would complain of it."""
    if stream is None:
        return
    try:
        stream.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


def _lines(text: str) -> str:
    """Return text in which only line breaks are what they are."""
    return "\n".join(printable(line) for line in text.split("\n"))

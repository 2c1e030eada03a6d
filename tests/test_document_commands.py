"""Every command that a document shows is one: the commands' own parsers read it."""

import argparse
import importlib
import io
import re
from contextlib import redirect_stderr
from pathlib import Path
from unittest import mock

import pytest
import typer.main
from document_commands import ROOT, shown_commands

import zoo
from zoo.cli import app
from zoo.registry import parse_option

COMMANDS = shown_commands()
ZOO = [one for one in COMMANDS if one.words[0] == "zoo"]
TOOLS = [one for one in COMMANDS if one.words[0] != "zoo" and one.words[1] != "-m"]
TESTS = [one for one in COMMANDS if one.words[1:3] == ("-m", "pytest")]
NUMBER = re.compile(r"(\w+=)?-?[\d.]+")


def named(command):
    return f"{command.place} {' '.join(command.words)}"


def parsed(words):
    """Return the command of `zoo` that some words call, and the values that it would get.

    Raises:
        Exception: of Typer, for words that the command line refuses.
    """
    found = []

    def record(command):
        if commands := getattr(command, "commands", None):
            for inner in commands.values():
                record(inner)
        else:
            command.callback = lambda **values: found.append((command.name, values))

    root = typer.main.get_command(app)
    record(root)
    root.main(list(words), prog_name="zoo", standalone_mode=False)
    (called,) = found
    return called


@pytest.mark.parametrize("command", [one for one in ZOO if one.whole], ids=named)
def test_a_command_in_a_block_of_code_is_complete(command):
    words = [word for word in command.words[1:] if word != "…"]
    name, values = parsed(words)
    if name in ("train", "describe") and "--plugin" not in words:
        spec = zoo.describe(values["name"])
        assert values["recipe"] in (None, *spec.recipes) or values["recipe"].endswith(".toml")
        for option in values.get("options") or []:
            parse_option(spec, option)


@pytest.mark.parametrize("command", [one for one in ZOO if not one.whole], ids=named)
def test_a_command_in_the_text_exists_and_has_these_options(command):
    here, words = typer.main.get_command(app), [*command.words[1:]]
    if words[:1] == ["--plugin"]:
        del words[:2]
    while words and (commands := getattr(here, "commands", None)):
        if words[0] == "COMMAND" or words[0].startswith("-"):
            break
        # A group is followed by one of its commands.
        assert words[0] in commands
        here = commands[words.pop(0)]
    context = here.make_context("zoo", [], resilient_parsing=True, **here.context_settings)
    options = {name for param in here.get_params(context) for name in param.opts}
    assert {word.split("=")[0] for word in words if re.match("--?[a-z]", word)} <= options


@pytest.mark.parametrize("command", TOOLS, ids=named)
def test_a_program_of_tools_takes_these_arguments(command):
    _, program, *words = command.words
    module = importlib.import_module(Path(program).stem)
    parse = argparse.ArgumentParser.parse_args

    class Parsed(Exception):  # noqa: N818  it is what is expected
        pass

    def parse_only(parser):
        parse(parser, words)
        raise Parsed

    complaint = io.StringIO()
    with (
        mock.patch.object(argparse.ArgumentParser, "parse_args", parse_only),
        redirect_stderr(complaint),
        pytest.raises((Parsed, SystemExit)) as ended,
    ):
        module.main()
    missing = "arguments are required" in complaint.getvalue()
    assert ended.type is Parsed or (missing and not command.whole), complaint.getvalue()


@pytest.mark.parametrize("command", TESTS, ids=named)
def test_the_tests_that_are_named_exist(command):
    for word in command.words:
        assert not word.startswith("tests/") or (ROOT / word).exists()


def cheap(command):
    """Whether a command takes a moment and needs neither a file nor another machine."""
    _, name, *words = [*command.words, ""]
    if any("://" in word for word in words):
        return False
    numbers = [word for word in words[1:-1] if NUMBER.fullmatch(word)]
    return command.whole and (
        name in ("list", "describe") or (name == "predict" and len(numbers) == len(words) - 2 > 0)
    )


@pytest.mark.parametrize("command", [one for one in ZOO if cheap(one)], ids=named)
def test_a_cheap_command_runs(command, run_zoo):
    done = run_zoo(*command.words[1:])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout

"""How the command line ends, whatever happens: with a documented code and no traceback."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import zoo
from zoo.cli.output import run_command
from zoo.errors import EXIT_CODES

ZOO = [sys.executable, "-m", "zoo"]


def run(*words, **options):
    environment = {**os.environ, **options.pop("env", {})}
    return subprocess.run([*ZOO, *words], env=environment, stderr=subprocess.PIPE, **options)


def test_what_was_not_foreseen_is_one_sentence_with_a_code_of_its_own(capsys, monkeypatch):
    def fail(words):
        raise KeyError("test\nset")

    monkeypatch.delenv("ZOO_DEBUG", raising=False)
    assert run_command(fail, ["report", "run"]) == 70
    errors = capsys.readouterr().err
    assert errors.startswith("error: Unexpected KeyError: ")
    assert "--debug" in errors
    assert len(errors.splitlines()) == 1
    assert "Traceback" not in errors


@pytest.mark.parametrize("way", ["word", "variable"])
def test_the_trace_is_shown_on_demand(way, capsys, monkeypatch):
    given = []

    def fail(words):
        given.extend(words)
        raise KeyError("test")

    monkeypatch.setenv("ZOO_DEBUG", "1" if way == "variable" else "0")
    words = ["report", "--debug", "run"] if way == "word" else ["report", "run"]
    assert run_command(fail, words) == 70
    assert given == ["report", "run"]
    errors = capsys.readouterr().err
    assert "Traceback" in errors
    assert errors.splitlines()[-1].startswith("error: Unexpected KeyError")


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (zoo.ZooError("This is wrong\n; do that."), 2, "error: This is wrong ; do that."),
        (PermissionError(13, "Permission denied", "a/b"), 2, "a/b failed (Permission denied)"),
        (OSError(28, "No space left on device"), 2, "No space left"),
        (MemoryError(), 2, "more memory"),
        (KeyboardInterrupt(), 130, "Stopped"),
        (BrokenPipeError(32, "Broken pipe"), 1, ""),
        (EOFError("half a file"), 70, "half a file"),
        (RecursionError("too deep"), 70, "too deep"),
        (ValueError("\x1b[31m" + "x" * 5000), 70, "ValueError"),
    ],
)
def test_every_exception_has_a_documented_code(error, code, message, capsys):
    def fail(words):
        raise error

    assert run_command(fail, []) == code
    assert code in EXIT_CODES
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == bool(message)
    assert message in "".join(lines)
    assert "\x1b" not in "".join(lines)
    assert len("".join(lines)) < 500


def test_a_reader_that_leaves_is_no_error():
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as broken:
        done = run("list", stdout=broken)
    assert done.stderr == b""
    assert done.returncode == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")  # noqa: PTH110
def test_a_full_disk_behind_the_output_is_one_sentence():
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        done = run("predict", "xor_mlp", "0", "1", stdout=full)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert b"No space left" in done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
@pytest.mark.parametrize("words", [["describe", "xor_mlp"], ["--help"], ["plot", "pipeline", "-h"]])
def test_a_terminal_of_few_characters_gets_escapes(words, encoding):
    done = run(*words, stdout=subprocess.PIPE, env={"PYTHONIOENCODING": encoding})
    assert done.returncode == 0
    assert done.stderr == b""
    done.stdout.decode(encoding)


def test_the_command_alone_shows_what_there_is(run_zoo):
    for words in ([], ["plot"], ["data"]):
        done = run_zoo(*words)
        assert done.returncode == 2
        assert "Commands" in done.stdout
        assert done.stderr == ""


@pytest.mark.parametrize("words", [["-m", "zoo"], ["-m", "zoo.cli"]])
def test_the_version_is_printed(words):
    done = subprocess.run([sys.executable, *words, "--version"], capture_output=True, text=True)
    assert done.stdout == f"zoo {zoo.__version__}\n"


@pytest.mark.parametrize("name", ["train", "compare", "predict", "serve", "verify", "plot curves"])
def test_help_names_no_type_of_python(name, run_zoo):
    output = run_zoo(*name.split(), "--help").stdout
    assert "Usage: zoo" in output
    for kind in ("<bool>", "list[", "<path>"):
        assert kind not in output


def test_the_readme_lists_exactly_the_exit_codes():
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", readme.partition("| exit code |")[2], re.MULTILINE)
    assert rows == [(str(code), meaning) for code, meaning in EXIT_CODES.items()]


@pytest.mark.parametrize(
    ("option", "value", "kind"),
    [
        ("--epochs", "abc", "a whole number"),
        ("--seed", "1.5", "a whole number"),
        ("--learning-rate", "x", "a number"),
    ],
)
def test_a_value_of_the_wrong_type_is_one_sentence(option, value, kind, run_zoo):
    done = run_zoo("train", "xor_mlp", option, value)
    assert (done.returncode, done.stderr) == (2, f"error: {option} is '{value}'; give {kind}.\n")


def test_names_that_look_like_markup_or_emoji_are_printed_as_they_are(run_zoo, tmp_path):
    classes = ("[b]", "[red]x", ":cat:")
    rows = [f"{n}.5,{classes[n % 3]}" for n in range(30)]
    (tmp_path / "dog:.csv").write_text("\n".join(["number,class", *rows]), encoding="utf-8")
    shown = run_zoo("data", "show", "csv:dog:.csv", "--target", "class", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert "Data set csv:dog:.csv: " in shown.stdout
    table = [line.split()[0] for line in shown.stdout.splitlines() if line.startswith(" ")]
    assert set(classes) <= set(table)

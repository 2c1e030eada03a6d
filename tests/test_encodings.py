"""Text is UTF-8 wherever the package runs, an ASCII locale included."""

import ast
from pathlib import Path

import pytest

import zoo

PACKAGE = Path(zoo.__file__).parent
TOOLS = Path(__file__).resolve().parents[1] / "tools"
TEXT = {"read_text": 0, "write_text": 1}
PROCESSES = {"run", "Popen", "check_output"}
TEXT_OF_PROCESSES = {"text", "universal_newlines"}


def without_encoding(source):
    """Return the lines that open a text in whatever the locale's encoding is."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        method = isinstance(node.func, ast.Attribute)
        name = node.func.attr if method else getattr(node.func, "id", "")
        named = {keyword.arg for keyword in node.keywords}
        if name in PROCESSES and TEXT_OF_PROCESSES & named:
            found = "encoding" in named
        elif name in TEXT and method:
            found = "encoding" in named or len(node.args) > TEXT[name]
        elif name == "open" and not (method and getattr(node.func.value, "id", "") in MODULES):
            at = 0 if method else 1
            modes = [*node.args[at : at + 1], *(k.value for k in node.keywords if k.arg == "mode")]
            binary = any(isinstance(m, ast.Constant) and "b" in str(m.value) for m in modes)
            found = binary or "encoding" in named
        else:
            continue
        if not found:
            lines.append(node.lineno)
    return lines


# What is no text file, though it has a function `open`.
MODULES = {"Image", "archive", "image_module", "os", "webbrowser"}


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("path.read_text()", [1]),
        ("path.write_text('x')", [1]),
        ("open('x')\nopen('x', 'w')\npath.open(newline='')", [1, 2, 3]),
        ("open('x', 'rb')\npath.open('wb')\npath.open(mode='rb')", []),
        ("open('x', encoding='utf-8')\npath.read_text('utf-8')", []),
        ("path.write_text('x', 'utf-8')\nwrite_text(path, 'x')", []),
        ("run(words, text=True)\nPopen(words, universal_newlines=True)", [1, 2]),
        ("run(words, text=True, encoding='utf-8')\nrun(words, encoding='utf-8')", []),
    ],
)
def test_what_counts_as_missing(source, lines):
    assert without_encoding(source) == lines


@pytest.mark.parametrize(
    "path",
    sorted([*PACKAGE.rglob("*.py"), *TOOLS.rglob("*.py")]),
    ids=lambda path: str(path.relative_to(PACKAGE.parent)),
)
def test_every_text_is_read_and_written_as_utf_8(path):
    assert without_encoding(path.read_text(encoding="utf-8")) == []

"""The commands that the documents show: in their blocks of code, and in the text."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
# What precedes a command on its line: a prompt, variables, the launcher of a cluster, the shell.
_BEFORE = re.compile(r"^(\$ |srun |exec |[A-Z_]+=\S+ )+")


@dataclass(frozen=True)
class Command:
    """A command of a document: where it stands, and its words.

    Args:
        place: file and number of the line.
        words: of the command, without what follows `>`.
        whole: whether it is meant to be typed as it is; otherwise arguments may be missing.
    """

    place: str
    words: tuple[str, ...]
    whole: bool


def shown_commands() -> list[Command]:
    """Return the commands of all documents."""
    return [command for document in DOCUMENTS for command in _commands(document)]


def _commands(document):
    name = document.relative_to(ROOT).as_posix()
    language, begun, paragraph = None, "", ""
    for number, line in enumerate([*document.read_text(encoding="utf-8").splitlines(), ""], 1):
        place = f"{name}:{number}"
        fence = line.lstrip().startswith("```")
        if fence:
            language = line.strip(" `") or "shell" if language is None else None
        elif language == "shell":
            # A line that ends with a backslash goes on.
            begun += line
            if begun.endswith("\\"):
                begun = begun[:-1]
                continue
            for text in begun.split(" && "):
                yield from _command(place, text, True)
            begun = ""
        elif language is None and line:
            paragraph += f"{line} "
        if paragraph and (fence or not line):
            for text in re.findall(r"`([^`]+)`", paragraph):
                yield from _command(place, text, False)
            paragraph = ""


def _command(place, text, whole):
    text = _BEFORE.sub("", text.strip())
    if re.match(r"zoo( |$)|python3? (tools/|-m pytest)", text):
        # The end of a longer command in quotes.
        text = text.removesuffix("'") if text.count("'") % 2 else text
        words = shlex.split(text, comments=True)
        yield Command(place, tuple(words[: words.index(">")] if ">" in words else words), whole)

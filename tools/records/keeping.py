"""Write a table to docs/results/ with the machine, versions, data and command it comes from."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from zoo.utils.files import write_text
from zoo.utils.provenance import machine, versions

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "results"


def keep(name: str, description: str, rows: list[dict], *datasets: dict) -> None:
    """Write rows to docs/results/NAME.md, with a description and their provenance."""
    lines = [f"| {' | '.join(rows[0])} |", "|---" * len(rows[0]) + "|"]
    for row in rows:
        cells = [f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in row.values()]
        lines.append(f"| {' | '.join(cells)} |")
    on = "".join(f"{of['name']}, fingerprint {of['fingerprint']}; " for of in datasets)
    packages = ", ".join(f"{key} {number}" for key, number in versions().items())
    command = command_text(sys.argv[1:])
    text = f"# {name}\n\n{description}\n\n" + "\n".join(lines)
    text += f"\n\n{on}{machine()}; {packages}. Made by `{command}`.\n"
    FOLDER.mkdir(parents=True, exist_ok=True)
    write_text(FOLDER / f"{name}.md", text)
    print(f"Written: {FOLDER / name}.md")


def command_text(words: Sequence[str]) -> str:
    """Return the command that was given; of folders only the names, not where they are.

    >>> command_text(["curve", "/scratch/runs/best/", "--folder=../photos"])
    'python tools/results.py curve best --folder=photos'
    """
    named = [re.sub(r"[^=]*/", "", word.rstrip("/")) for word in words]
    return " ".join(["python", "tools/results.py", *named])

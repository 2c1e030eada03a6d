"""Write a table to docs/results/ with what it was measured on and by which command."""

import sys
from pathlib import Path

from zoo.utils.files import write_text
from zoo.utils.provenance import machine, versions

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "results"


def keep(name: str, told: str, rows: list[dict], dataset: dict) -> None:
    """Write rows as docs/results/NAME.md and say on what they were measured."""
    lines = [f"| {' | '.join(rows[0])} |", "|---" * len(rows[0]) + "|"]
    for row in rows:
        cells = [f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in row.values()]
        lines.append(f"| {' | '.join(cells)} |")
    on = f"{dataset['name']}, fingerprint {dataset['fingerprint']}; "
    packages = ", ".join(f"{key} {number}" for key, number in versions().items())
    command = " ".join(["python", "tools/results.py", *sys.argv[1:]])
    text = f"# {name}\n\n{told}\n\n" + "\n".join(lines)
    text += f"\n\n{on}{machine()}; {packages}. Made by `{command}`.\n"
    FOLDER.mkdir(parents=True, exist_ok=True)
    write_text(FOLDER / f"{name}.md", text)
    print(f"Written: {FOLDER / name}.md")

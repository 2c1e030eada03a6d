"""Self-contained HTML pages: no other files, no network, for narrow screens and dark mode too."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

from matplotlib.figure import Figure

from zoo.plots.style import png
from zoo.utils.text import printable

_STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
img { max-width: 100%; height: auto; background: white; border-radius: .5rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { padding: .25rem .75rem; border-bottom: 1px solid #8886; text-align: left; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
"""


def page(title: str, parts: Sequence[str]) -> str:
    """Return a whole page; `parts` are HTML."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{_escape(title)}</h1>\n" + "\n".join(parts) + "\n</body>\n</html>\n"
    )


def heading(text: str) -> str:
    """Return a heading."""
    return f"<h2>{_escape(text)}</h2>"


def paragraph(text: str) -> str:
    """Return a paragraph."""
    return f"<p>{_escape(text)}</p>"


def table(head: Sequence[str], rows: Sequence[Sequence]) -> str:
    """Return a table; numbers are right-aligned."""
    lines = ["".join(f'<th scope="col">{_escape(cell)}</th>' for cell in head)]
    lines += ["".join(_cell(cell) for cell in row) for row in rows]
    return "<table>\n" + "\n".join(f"<tr>{line}</tr>" for line in lines) + "\n</table>"


def picture(figure: Figure, description: str) -> str:
    """Return a figure as an embedded image; the description is its alternative text."""
    encoded = base64.b64encode(png(figure)).decode()
    return f'<img alt="{_escape(description)}" src="data:image/png;base64,{encoded}">'


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f'<td class="number">{value:.4g}</td>'
    if isinstance(value, int):
        return f'<td class="number">{value:,}</td>'
    return f"<td>{_escape(value)}</td>"


def _escape(text: object) -> str:
    return escape(printable(text))

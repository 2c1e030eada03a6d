"""Small tables in HTML, as notebooks show them."""

from __future__ import annotations

import html
from collections.abc import Mapping

from zoo.utils.text import printable


def table(title: str, rows: Mapping[str, object]) -> str:
    """Return a table of two columns under a title; all text in it is escaped.

    Args:
        title: printed above, in bold.
        rows: name → value; line breaks of a value are kept.

    >>> print(table("xor", {"loss < 1": True}))
    <table><caption style="text-align:left"><b>xor</b></caption>
    <tr><th scope="row" style="text-align:left;vertical-align:top">loss &lt; 1</th><td style="text-align:left;white-space:pre-line">True</td></tr>
    </table>
    """  # noqa: E501
    lines = [
        f'<tr><th scope="row" style="text-align:left;vertical-align:top">{_text(name)}</th>'
        f'<td style="text-align:left;white-space:pre-line">{_text(value)}</td></tr>'
        for name, value in rows.items()
    ]
    caption = f'<caption style="text-align:left"><b>{_text(title)}</b></caption>'
    return "\n".join([f"<table>{caption}", *lines, "</table>"])


def _text(value: object) -> str:
    return "\n".join(html.escape(printable(line)) for line in str(value).split("\n"))

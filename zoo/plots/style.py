"""What all pictures have in common, and how they are written."""

from __future__ import annotations

import functools
import io
import logging
import textwrap
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import matplotlib
from matplotlib import font_manager, ft2font
from matplotlib.figure import Figure
from matplotlib.text import Text

from zoo.errors import ZooError
from zoo.utils.files import replacing
from zoo.utils.text import printable

# Okabe and Ito's colours, which people with any colour vision tell apart.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
# From blue, which speaks for the first label, over white to red, which speaks for the second.
DIVERGING = "RdBu_r"
FIRST, SECOND = COLORS[0], COLORS[1]
FORMATS = (".png", ".svg")
_FONT = "DejaVu Sans"
_SIZE = 14.0
# An average character's width, as a share of the font's size.
_WIDTH = 0.58
_STYLE = {
    "font.family": _FONT,
    "font.size": _SIZE,
    # Labels and file names are text: a dollar sign begins no formula.
    "text.parse_math": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 2.5,
    # The same picture has the same bytes.
    "svg.hashsalt": "zoo",
    "svg.fonttype": "none",
}
_log = logging.getLogger(__name__)


def styled(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """Let a function draw in the style that all pictures share."""

    @functools.wraps(draw)
    def drawn(*arguments, **options):
        with matplotlib.rc_context(_STYLE):
            return draw(*arguments, **options)

    return drawn


def new_figure(width: float, height: float, title: str = "") -> Figure:
    """Return an empty figure of so many inches; it belongs to no window and no global state.

    Args:
        width: in inches.
        height: in inches, to which the lines of the title are added.
        title: above; wrapped, so that a narrow figure shows all of it.
    """
    size = 1.2 * _SIZE
    title = wrapped(title, width, size)
    lines = title.count("\n")
    figure = Figure((width, height + lines * size * 1.2 / 72), layout="constrained")
    if title:
        figure.suptitle(title, fontsize=size)
    return figure


def wrapped(text: str, width: float, size: float = _SIZE, lines: int = 4) -> str:
    """Return text broken into lines that fit into so many inches, cut after so many lines."""
    columns = max(int(width * 72 / (_WIDTH * size)), 8)
    return "\n".join(
        textwrap.wrap(printable(text), columns, max_lines=lines, placeholder=" …") or [""]
    )


def short(text: str, characters: int = 24) -> str:
    """Return text on one line, cut to so many characters."""
    text = printable(text)
    return text if len(text) <= characters else f"{text[: characters - 1]}…"


def require_format(path: Path, formats: Sequence[str]) -> None:
    """Raise an error unless a path ends like one of some formats.

    Raises:
        ZooError: if it does not.
    """
    if path.suffix not in formats:
        raise ZooError(f"A picture is written as {' or '.join(formats)}, not as {path.name!r}.")


def save(figure: Figure, path) -> Path:
    """Write a figure as PNG or SVG, by the end of the path, and return the path.

    Raises:
        ZooError: for another ending, or if the disk refuses.
    """
    path = Path(path)
    require_format(path, FORMATS)
    with replacing(path) as temporary, temporary.open("wb") as stream:
        _write(figure, stream, path.suffix[1:])
    return path


def png(figure: Figure) -> bytes:
    """Return a figure as the content of a PNG file."""
    stream = io.BytesIO()
    _write(figure, stream, "png")
    return stream.getvalue()


def _write(figure: Figure, stream: BinaryIO, kind: str) -> None:
    # Neither the date nor the version of the library belongs to the picture.
    metadata = {"Software": None} if kind == "png" else {"Date": None, "Creator": None}
    missing = choose_fonts(figure)
    # In an SVG, text stays text, and the fonts are those of who looks at it.
    if missing and kind == "png":
        _log.warning(
            "No font of this machine has %s; boxes are drawn instead. Install one, such as "
            "fonts-noto-cjk, or write an .svg.",
            ", ".join(missing),
        )
    with matplotlib.rc_context(_STYLE), warnings.catch_warnings():
        # Said above, once, in words of our own.
        warnings.filterwarnings("ignore", message="Glyph")
        figure.savefig(stream, format=kind, metadata=metadata, dpi=100)


def choose_fonts(figure: Figure) -> list[str]:
    """Add fonts that have what a figure's own font lacks; return the characters that none has."""
    texts = figure.findobj(Text)
    needed = {ord(character) for text in texts for character in text.get_text()}
    needed -= {ord("\n")}
    needed -= _characters(font_manager.findfont(_FONT))
    if not needed:
        return []
    families = [_FONT]
    for entry in font_manager.fontManager.ttflist:
        found = needed & _characters(entry.fname)
        if found and "Last Resort" not in entry.name:
            families.append(entry.name)
            needed -= found
    for text in texts:
        text.set_fontfamily(families)
    return [chr(code) for code in sorted(needed)]


@functools.cache
def _characters(font: str) -> frozenset[int]:
    try:
        return frozenset(ft2font.FT2Font(font).get_charmap())
    except (OSError, RuntimeError):
        # A font of bitmaps alone, as some for emoji, or a file that has gone.
        return frozenset()

"""The style that all plots share, and saving them as PNG or SVG."""

from __future__ import annotations

import functools
import io
import logging
import textwrap
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import matplotlib
from matplotlib import font_manager, ft2font
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from zoo.errors import ZooError
from zoo.plots.compact import compact_png
from zoo.utils.files import replacing
from zoo.utils.text import printable

# Okabe and Ito's palette, distinguishable with any colour vision.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
# From blue, for the first label, over white to red, for the second.
DIVERGING = "RdBu_r"
FIRST, SECOND = COLORS[0], COLORS[1]
FORMATS = (".png", ".svg")
_FONT = "DejaVu Sans"
_SIZE = 14.0
# An average character's width, as a share of the font's size.
_WIDTH = 0.58
_STYLE: Any = {
    "font.family": _FONT,
    "font.size": _SIZE,
    # A dollar sign in a label or file name does not start a formula.
    "text.parse_math": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 2.5,
    # The same plot gives the same bytes.
    "svg.hashsalt": "zoo",
    "svg.fonttype": "none",
}
_log = logging.getLogger(__name__)


_Drawn = TypeVar("_Drawn")


def styled(draw: Callable[..., _Drawn]) -> Callable[..., _Drawn]:
    """Make a function draw in the style that all plots share."""

    @functools.wraps(draw)
    def drawn(*arguments: Any, **options: Any) -> _Drawn:
        with matplotlib.rc_context(_STYLE):
            return draw(*arguments, **options)

    return drawn


def new_figure(width: float, height: float, title: str = "") -> Figure:
    """Return an empty figure that is not registered with pyplot.

    Args:
        width: in inches.
        height: in inches; every further line of the title adds to it.
        title: wrapped to the width.
    """
    size = 1.2 * _SIZE
    title = wrapped(title, width, size)
    lines = title.count("\n")
    figure = Figure((width, height + lines * size * 1.2 / 72), layout="constrained")
    if title:
        figure.suptitle(title, fontsize=size)
    return figure


def wrapped(text: str, width: float, size: float = _SIZE, lines: int = 4) -> str:
    """Return text wrapped to a width in inches and cut after a number of lines."""
    columns = max(int(width * 72 / (_WIDTH * size)), 8)
    return "\n".join(
        textwrap.wrap(printable(text), columns, max_lines=lines, placeholder=" …") or [""]
    )


def short(text: str, characters: int = 24) -> str:
    """Return text on one line, cut to a number of characters."""
    text = printable(text)
    return text if len(text) <= characters else f"{text[: characters - 1]}…"


def require_format(path: Path, formats: Sequence[str]) -> None:
    """Raise an error unless a path has one of these suffixes.

    Raises:
        ZooError: if it has another.
    """
    if path.suffix not in formats:
        raise ZooError(
            f"{path.name!r} cannot be written as a plot; give a name that ends in "
            f"{' or '.join(formats)}."
        )


def save(figure: Figure, path: str | Path) -> Path:
    """Write a figure as PNG or SVG, by the path's suffix, and return the path.

    Raises:
        ZooError: for another suffix, or if the file cannot be written.
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
    # Without date and library version, so that the same figure gives the same bytes.
    metadata = {"Software": None} if kind == "png" else {"Date": None, "Creator": None}
    missing = choose_fonts(figure)
    # An SVG keeps text as text, which the viewer draws with its own fonts.
    if missing and kind == "png":
        _log.warning(
            "No font on this machine has %s; boxes are drawn instead. Install one, such as "
            "fonts-noto-cjk, or write an .svg.",
            ", ".join(missing),
        )
    with matplotlib.rc_context(_STYLE), warnings.catch_warnings():
        # Replaced by the single warning above.
        warnings.filterwarnings("ignore", message="Glyph")
        drawn = io.BytesIO()
        figure.savefig(drawn, format=kind, metadata=metadata, dpi=100)
    stream.write(compact_png(Image.open(drawn)) if kind == "png" else drawn.getvalue())


def choose_fonts(figure: Figure) -> list[str]:
    """Add fonts for characters that a figure's font lacks; return those that no font has."""
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
        # A bitmap-only font, such as some emoji fonts, or a file that was removed.
        return frozenset()

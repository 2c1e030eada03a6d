"""What all pictures have in common, and how they are written."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from zoo.errors import ZooError
from zoo.files import replacing

# Okabe and Ito's colours, which people with any colour vision tell apart.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
# From blue, which speaks for the first label, over white to red, which speaks for the second.
DIVERGING = "RdBu_r"
FIRST, SECOND = COLORS[0], COLORS[1]
FORMATS = (".png", ".svg")
_STYLE = {
    "font.size": 14,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 2.5,
    # The same picture has the same bytes.
    "svg.hashsalt": "zoo",
    "svg.fonttype": "none",
}


def styled(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """Let a function draw in the style that all pictures share."""

    @functools.wraps(draw)
    def drawn(*arguments, **options):
        with matplotlib.rc_context(_STYLE):
            return draw(*arguments, **options)

    return drawn


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of so many inches; it belongs to no window and no global state."""
    return Figure((width, height), layout="constrained")


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
    # Neither the date nor the version of the library belongs to the picture.
    metadata = {"Software": None} if path.suffix == ".png" else {"Date": None, "Creator": None}
    with replacing(path) as temporary, matplotlib.rc_context(_STYLE):
        figure.savefig(temporary, format=path.suffix[1:], metadata=metadata, dpi=100)
    return path

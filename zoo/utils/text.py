"""Sanitises untrusted text (labels, file names, messages) before it is stored or shown."""

from __future__ import annotations

import unicodedata

from zoo.errors import ZooError

# Control and surrogate characters, and the separators that end a line.
_UNPRINTABLE = ("Cc", "Cs", "Zl", "Zp")
# Invisible characters, and characters that change the direction of the text around them.
_DIRECTION = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def printable(text: object) -> str:
    r"""Return text with every unprintable character replaced by an escape.

    For terminals, pages and plots: control sequences have no effect, the result is one line, and
    bytes of file names that are not UTF-8 can be encoded.

    >>> printable("cat\x1b[31m\n")
    'cat\\x1b[31m\\x0a'
    """
    return "".join(
        _escaped(character) if _unprintable(character) else character for character in str(text)
    )


def check_label(label: str, where: str, what: str = "class name") -> None:
    r"""Raise an error unless a label is one printable line of text.

    Labels are written to labels.txt, printed to the terminal and drawn into plots.

    Args:
        label: the name of a class, or of a value.
        where: what contains it, for the message, such as "The folder my_photos".
        what: the kind of name, for the message.

    Raises:
        ZooError: if it is empty, begins or ends with white space, or has an unprintable character
            (a line break, an escape character, a byte that is not UTF-8).

    >>> check_label("Kätzchen auf $5", "The folder my_photos")
    """
    problem = None
    if not label.strip():
        problem = "is empty"
    elif label != label.strip():
        problem = "begins or ends with white space"
    elif any(_unprintable(character) for character in label):
        problem = "has a character that is not printable"
    if problem:
        raise ZooError(f"{where} has a {what} that {problem}, '{printable(label)}'; rename it.")


def figure_text(figure: float) -> str:
    """Return a loss or metric as text: four decimals, or four digits if it is below 0.1.

    >>> figure_text(12.345678), figure_text(0.00032034), figure_text(0.0)
    ('12.3457', '0.0003203', '0.0000')
    """
    return f"{figure:.4g}" if 0 < abs(figure) < 0.1 else f"{figure:.4f}"


def _unprintable(character: str) -> bool:
    return unicodedata.category(character) in _UNPRINTABLE or character in _DIRECTION


def _escaped(character: str) -> str:
    number = ord(character)
    if number <= 0xFF:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"

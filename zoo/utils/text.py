"""Text from outside (labels, file names, messages) before it is stored, printed or drawn."""

from __future__ import annotations

import unicodedata

from zoo.errors import ZooError

# Control and surrogate characters, and the separators that end a line.
_UNPRINTABLE = ("Cc", "Cs", "Zl", "Zp")
# What turns the direction of the text around it, or hides in it.
_DIRECTION = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def printable(text: object) -> str:
    r"""Return text with every character that does not print written as an escape.

    For terminals, pages and pictures: escape sequences do nothing there, one line stays one line,
    and bytes of a file name that are not UTF-8 can be encoded.

    >>> printable("cat\x1b[31m\n")
    'cat\\x1b[31m\\x0a'
    """
    return "".join(
        _escaped(character) if _hidden(character) else character for character in str(text)
    )


def check_label(label: str, where: str, what: str = "class name") -> None:
    r"""Raise one sentence unless a label is one printable line of text.

    Labels are lines of labels.txt, words of a terminal and titles of pictures.

    Args:
        label: the name of a class, or of a value.
        where: what holds it, for the sentence, such as "The folder my_photos".
        what: it is, for the sentence.

    Raises:
        ZooError: if it is empty, is surrounded by white space, or has a character that does not
            print (a line break, an escape character, a byte that is not UTF-8).

    >>> check_label("Kätzchen auf $5", "The folder my_photos")
    """
    problem = None
    if not label.strip():
        problem = "is empty"
    elif label != label.strip():
        problem = "begins or ends with white space"
    elif any(_hidden(character) for character in label):
        problem = "has a character that is not printable"
    if problem:
        raise ZooError(f"{where} has a {what} that {problem}, '{printable(label)}'; rename it.")


def _hidden(character: str) -> bool:
    return unicodedata.category(character) in _UNPRINTABLE or character in _DIRECTION


def _escaped(character: str) -> str:
    number = ord(character)
    if number <= 0xFF:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"

"""Shows the doctests of docstrings as code; called by mkdocstrings."""

import re

import griffe

# From a prompt to the next empty line.
_DOCTEST = re.compile(r"^>>> .*?(?=\n\n|\Z)", re.MULTILINE | re.DOTALL)


class Doctests(griffe.Extension):
    """Fences doctests, which Markdown takes for quotations."""

    def on_object(self, *, obj: griffe.Object, **_) -> None:
        """Change the docstring of an object."""
        if obj.docstring:
            obj.docstring.value = fenced(obj.docstring.value)


def fenced(text: str) -> str:
    """Return text with its doctests in fences.

    >>> print(fenced("One sum.\\n\\n>>> 1 + 1\\n2"))
    One sum.
    <BLANKLINE>
    ```pycon
    >>> 1 + 1
    2
    ```
    """
    return _DOCTEST.sub(lambda found: f"```pycon\n{found[0]}\n```", text)

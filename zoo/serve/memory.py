"""Memory that a large photo took, given back to the system."""

from __future__ import annotations

import contextlib
import ctypes


def give_back() -> None:
    """Have the C library return what is free; only glibc has a call for it.

    glibc keeps freed blocks for later, in a heap for each thread; a page that once saw a large
    photo would hold them for ever.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)

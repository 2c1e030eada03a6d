"""Which requests the page's own scripts sent, and which another site's page did."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

# "none": typed into the address bar, or opened from a bookmark.
_OWN = ("same-origin", "none")


def is_foreign(headers: Mapping[str, str]) -> bool:
    """Say whether a browser sent a request for a page of another site.

    Browsers send Sec-Fetch-Site with every request to a trustworthy address such as loopback
    (W3C, Fetch Metadata Request Headers) and Origin with every POST (Fetch Standard); a program
    such as curl sends neither, and no page can make it.

    Args:
        headers: of the request, names in lower case.

    >>> is_foreign({"host": "localhost:8000", "origin": "http://localhost:8000"})
    False
    >>> is_foreign({"host": "localhost:8000", "origin": "http://localhost:9000"})
    True
    >>> is_foreign({"host": "localhost:8000", "sec-fetch-site": "cross-site"})
    True
    """
    if headers.get("sec-fetch-site", "none") not in _OWN:
        return True
    origin = headers.get("origin")
    if origin is None:
        return False
    try:
        place = urlsplit(origin).netloc
    except ValueError:
        return True
    # The scheme is left out: before a server that ends TLS, a proxy's address is https.
    return not place or place.lower() != headers.get("host", "").lower()

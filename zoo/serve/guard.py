"""Distinguish requests of the page's own scripts from those of other sites."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

# "none": opened from the address bar or a bookmark.
_OWN = ("same-origin", "none")


def is_cross_site(headers: Mapping[str, str]) -> bool:
    """Return whether a browser sent a request on behalf of a page of another site.

    Browsers send Sec-Fetch-Site with every request to a trustworthy address such as loopback
    (W3C, Fetch Metadata Request Headers) and Origin with every POST (Fetch Standard). Programs
    such as curl send neither; they are not controlled by a page and are accepted.

    Args:
        headers: headers of the request, names in lower case.

    >>> is_cross_site({"host": "localhost:8000", "origin": "http://localhost:8000"})
    False
    >>> is_cross_site({"host": "localhost:8000", "origin": "http://localhost:9000"})
    True
    >>> is_cross_site({"host": "localhost:8000", "sec-fetch-site": "cross-site"})
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
    # The scheme is not compared: behind a proxy that terminates TLS, the origin is https.
    return not place or place.lower() != headers.get("host", "").lower()

"""Addresses of the page: for this machine, for others, and as a QR code."""

from __future__ import annotations

import io
import ipaddress
import socket
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

import segno

from zoo.errors import ZooError
from zoo.serve.access import is_loopback

# Addresses for documentation (RFC 5737, RFC 3849): nothing is sent to them.
_ELSEWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}


def page_address(host: str, port: int) -> str:
    """Return the page's URL at a host.

    >>> page_address("::1", 8000)
    'http://[::1]:8000/'
    """
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def outside_host(host: str) -> str:
    """Return the address at which other machines reach a server that listens on `host`.

    A server on the unspecified address, 0.0.0.0 or ::, is reached at the address from which this
    machine would send to others.
    """
    try:
        if not ipaddress.ip_address(host).is_unspecified:
            return host
    except ValueError:
        return host
    families = (socket.AF_INET, socket.AF_INET6) if ":" in host else (socket.AF_INET,)
    for family in families:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as sender:
                # Connecting a datagram socket chooses a route and sends nothing.
                sender.connect((_ELSEWHERE[family], 9))
                return sender.getsockname()[0]
        except OSError:
            continue
    return socket.gethostname()


def check_public_address(address: str) -> str:
    """Return the URL of the page at a proxy, with a slash at its end.

    Raises:
        ZooError: if it is not the URL of a site's root.
    """
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        good = False
    if not good or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ZooError(
            f"The address {address!r} is not that of a site, such as https://zoo.example.org/."
        )
    return f"{parts.scheme}://{parts.netloc}/"


def join_address(address: str, code: str) -> str:
    """Return the URL that joins without asking for the code.

    >>> join_address("http://192.0.2.7:8000/", "ABCDEFGH")
    'http://192.0.2.7:8000/?code=ABCDEFGH'
    """
    return f"{address}?{urlencode({'code': code})}"


def qr_text(address: str) -> str:
    """Return a QR code of lines of block characters, light on dark, for a terminal."""
    text = io.StringIO()
    _qr(address).terminal(text, border=2, compact=True)
    return text.getvalue().rstrip("\n")


def qr_picture(address: str) -> bytes:
    """Return a QR code as SVG, dark on light."""
    content = io.BytesIO()
    # Classes and inline styles are of no use where the picture stands by itself.
    _qr(address).save(
        content, kind="svg", border=4, light="#fff", svgclass=None, lineclass=None, omitsize=True
    )
    return content.getvalue()


def host_name(headers: Mapping[str, str]) -> str:
    """Return the host that a request addresses, without its port; "" if there is none.

    >>> host_name({"host": "[::1]:8000"}), host_name({"host": "LOCALHOST"})
    ('::1', 'localhost')
    """
    try:
        return urlsplit(f"//{headers.get('host', '')}").hostname or ""
    except ValueError:
        return ""


def is_local_name(headers: Mapping[str, str]) -> bool:
    """Return whether a request addresses a name of the loopback interface.

    A page whose name an attacker points at this machine (DNS rebinding) is sent under its own name.
    """
    return is_loopback(host_name(headers))


def _qr(address: str) -> segno.QRCode:
    return segno.make(address, micro=False)

"""Whom a server lets in, and what for."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
import secrets

from zoo.errors import ZooError

# Without letters and digits that are mistaken for each other on a projector.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_LENGTH = 8
_MIN_LENGTH, _MAX_LENGTH = 6, 64


@dataclasses.dataclass(frozen=True)
class Access:
    """Whom a server lets in, and what for.

    Attributes:
        code: the join code, as `normalized_code` returns it; None lets everybody in.
        asks_this_machine: whether programs on this machine, too, need the code.
        local_names_only: whether requests must address a name of the loopback interface.
        read_only: whether models answer, but nothing is trained.
    """

    code: str | None = None
    asks_this_machine: bool = False
    local_names_only: bool = True
    read_only: bool = False


def access(host: str, code: str | None = None, read_only: bool = False) -> Access:
    """Return whom a server on this address lets in.

    Args:
        host: address to listen on. On a loopback address, programs on this machine need no code;
            on any other, other machines need one.
        code: asked of every client, also on this machine, as behind a proxy; by default a random
            one, where one is needed, for other machines only.
        read_only: train nothing.

    Raises:
        ZooError: if the code is too short or too long.

    >>> access("127.0.0.1").code is None
    True
    >>> len(access("0.0.0.0").code)
    8
    >>> access("0.0.0.0", "slide-five").code
    'SLIDEFIVE'
    """
    if code is not None:
        given = normalized_code(code)
        if not _MIN_LENGTH <= len(given) <= _MAX_LENGTH:
            raise ZooError(
                f"The join code has {len(given)} letters and digits; give {_MIN_LENGTH} to "
                f"{_MAX_LENGTH}."
            )
    elif not is_loopback(host):
        given = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    else:
        given = None
    local_names_only = code is None and is_loopback(host)
    return Access(given, code is not None, local_names_only, read_only)


def is_loopback(host: str) -> bool:
    """Return whether a name or an address is one of the loopback interface.

    >>> is_loopback("127.0.0.1"), is_loopback("::ffff:127.0.0.1"), is_loopback("localhost")
    (True, True, True)
    >>> is_loopback("192.0.2.7"), is_loopback("0.0.0.0"), is_loopback("localhost.example.org")
    (False, False, False)
    """
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return host.lower() == "localhost"
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback


def normalized_code(text: str) -> str:
    """Return the letters and digits of a join code, in upper case.

    >>> normalized_code(" abcd-efgh ")
    'ABCDEFGH'
    """
    return re.sub(r"[^0-9A-Z]", "", text.upper())


def spoken_code(code: str) -> str:
    """Return a join code in groups of four, as it is shown.

    >>> spoken_code("ABCDEFGH")
    'ABCD-EFGH'
    """
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))

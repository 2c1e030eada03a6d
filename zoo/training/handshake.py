"""What the launcher and a worker tell each other first: versions, settings, that all is well.

The launcher writes one line to the worker's standard input, and the worker answers with a line on
its standard output. This module needs the standard library only: it must work on a host that has
nothing else, to say so.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping, Sequence

from zoo.errors import ZooError
from zoo.utils.provenance import versions

# What a worker prints once it has what it needs; the launcher does not print it again.
STARTED = "zoo: this worker has started"
_SECONDS_TO_RESOLVE = 5.0


def to_line(settings: str) -> str:
    """Return the line for a worker's standard input: the settings, and the versions here."""
    return json.dumps({"versions": versions(), "settings": settings})


def read_line() -> str:
    """Return the first line of standard input, and leave the rest for `zoo.training.guard`."""
    # A buffered stream takes more than it returns.
    with open(0, "rb", buffering=0, closefd=False) as unbuffered:
        return unbuffered.readline().decode("utf-8", errors="replace")


def from_line(line: str) -> str:
    """Return the settings in the launcher's line.

    Raises:
        ZooError: if the line is not one of `to_line`, or a version differs from the launcher's.
    """
    try:
        order = json.loads(line)
        expected, settings = dict(order["versions"]), str(order["settings"])
    except (ValueError, KeyError, TypeError) as error:
        raise ZooError(
            f"The first line of standard input is {line[:80]!r}, not what `zoo train --workers` or "
            "--hosts writes to a worker; start workers with them."
        ) from error
    if difference := version_difference(expected, versions()):
        raise ZooError(
            f"This host has {difference} where the training was started; install the same "
            "environment on every host."
        )
    return settings


def version_difference(expected: Mapping[str, str], found: Mapping[str, str]) -> str:
    """Return the first difference that matters, as "keras 3.14.0, but 3.15.1"; "" if none does.

    >>> version_difference({"python": "3.11.7", "zoo": "1"}, {"python": "3.11.9", "zoo": "2"})
    'zoo 2, but 1'
    """
    # Python's first: where it differs, packages are often missing too.
    for name in sorted(expected, key=lambda name: name != "python"):
        here = found.get(name)
        if here is None:
            return f"no {name}, but {expected[name]}"
        if _compared(name, here) != _compared(name, expected[name]):
            return f"{name} {here}, but {expected[name]}"
    return ""


def require_resolved(addresses: Sequence[str]) -> None:
    """Check that this host can resolve the names in "host:port" of all workers.

    Raises:
        ZooError: for the first that it cannot, after a few seconds.
    """
    until = time.monotonic() + _SECONDS_TO_RESOLVE
    for index, address in enumerate(addresses):
        host, _, port = address.rpartition(":")
        while True:
            try:
                socket.getaddrinfo(host.strip("[]"), int(port))
                break
            except socket.gaierror as error:
                # A name server may be busy.
                if error.errno == socket.EAI_AGAIN and time.monotonic() < until:
                    time.sleep(0.2)
                    continue
                raise ZooError(
                    f"The name {host!r} of worker {index} does not resolve on this host "
                    f"({error.strerror}); give names or addresses that every host can reach."
                ) from error


def _compared(name: str, version: str) -> str:
    """Return the part of a version that must be equal; Python's bug fixes change no number."""
    return ".".join(version.split(".")[:2]) if name == "python" else version

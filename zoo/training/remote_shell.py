"""How a command is run on another host: by ssh, with what lets it notice a dead connection."""

from __future__ import annotations

import shlex
from pathlib import PurePath

from zoo.errors import ZooError

# Without them ssh waits minutes for a host that does not answer, and for ever for one that has
# fallen silent: lost power, or a pulled cable, closes no connection.
_SSH_OPTIONS = {"ConnectTimeout": 10, "ServerAliveInterval": 5, "ServerAliveCountMax": 3}


def on_host(remote_shell: str, host: str, command: str) -> list[str]:
    """Return the words that run a command on a host.

    Args:
        remote_shell: a program and its options. An option of ssh given here comes first, and ssh
            uses the first value that it finds.
        host: the host's name.
        command: what the host's shell runs.

    Raises:
        ZooError: if the remote shell is empty, or a quotation mark in it is not closed.

    >>> on_host("rsh -l me", "b", "true")
    ['rsh', '-l', 'me', 'b', 'true']
    """
    try:
        words = shlex.split(remote_shell)
    except ValueError:
        words = []
    if not words:
        raise ZooError(
            f"--remote-shell is {remote_shell!r}; give a program and its options, with every "
            'quotation mark closed, as in "ssh -p 2200".'
        )
    if PurePath(words[0]).stem == "ssh":
        for name, value in _SSH_OPTIONS.items():
            words += ["-o", f"{name}={value}"]
    return [*words, host, command]

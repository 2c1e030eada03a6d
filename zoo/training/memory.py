"""How much memory a training may still take, on the machine or in its container."""

from __future__ import annotations

from pathlib import Path

import psutil

# Limit and use of a container: version 2 of control groups, then version 1.
_GROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
    ),
)


def available_bytes() -> int:
    """Return how many bytes can be taken without swapping, by the machine and its container."""
    available = psutil.virtual_memory().available
    for limit, used in _GROUPS:
        numbers = [_number(Path(path)) for path in (limit, used)]
        if None not in numbers:
            available = min(available, max(0, numbers[0] - numbers[1]))
    return available


def _number(path: Path) -> int | None:
    try:
        text = path.read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None

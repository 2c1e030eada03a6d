"""How much memory this process may still take."""

from __future__ import annotations

from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
# Version 2 and version 1: the limit, what is used, and the caches in it that can be given back.
_FILES = (
    ("", "memory.max", "memory.current"),
    ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
)


def available_bytes() -> int:
    """Return the bytes that can be taken without swapping, in a container those left of its limit.

    Needs psutil, of the extra "train".
    """
    import psutil

    return min([psutil.virtual_memory().available, *_left_of_limits(_own_groups(), _CGROUPS)])


def _own_groups() -> list[tuple[str, str]]:
    """Return (controllers, path) of the control groups this process is in."""
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    fields = [line.split(":", 2) for line in lines]
    return [(found[1], found[2]) for found in fields if len(found) == 3]


def _left_of_limits(groups: list[tuple[str, str]], root: Path) -> list[int]:
    left = []
    for controllers, group in groups:
        for (mount, limit_name, usage_name), wanted in zip(_FILES, ("", "memory"), strict=True):
            if wanted not in controllers.split(","):
                continue
            # A limit of any group above holds too; in a container the path is the host's, and
            # its own group is the root of what it sees.
            folder = root / mount / group.lstrip("/")
            for parent in (folder, *folder.parents):
                if not parent.is_relative_to(root):
                    break
                bytes_left = _left(parent, limit_name, usage_name)
                if bytes_left is not None:
                    left.append(bytes_left)
    return left


def _left(folder: Path, limit_name: str, usage_name: str) -> int | None:
    try:
        limit = int((folder / limit_name).read_text(encoding="utf-8"))
        usage = int((folder / usage_name).read_text(encoding="utf-8"))
        fields = (folder / "memory.stat").read_text(encoding="utf-8").splitlines()
        # Pages of files nobody has touched lately; the kernel takes them back first.
        cached = [int(line.split()[1]) for line in fields if line.startswith("inactive_file ")]
    except (OSError, ValueError, IndexError):
        # No limit ("max"), or no such group here.
        return None
    return max(0, limit - usage + sum(cached))

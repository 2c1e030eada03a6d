"""Available memory, including the limits of containers."""

from __future__ import annotations

from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
# Mount point, file of the limit and file of the usage, for cgroups version 2 and version 1.
_FILES = (
    ("", "memory.max", "memory.current"),
    ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
)


def available_bytes() -> int:
    """Return the bytes that this process can allocate without swapping or exceeding a cgroup limit.

    Needs psutil, from the extra "train".
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
            # Limits of all parent groups apply too. In a container the path is that of the host,
            # and the container's own group is the root.
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
        # Inactive file pages, which the kernel reclaims first.
        cached = [int(line.split()[1]) for line in fields if line.startswith("inactive_file ")]
    except (OSError, ValueError, IndexError):
        # No limit ("max"), or no such group.
        return None
    return max(0, limit - usage + sum(cached))

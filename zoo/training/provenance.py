"""Where a figure comes from: the software and the machine."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path

import zoo


def versions() -> dict[str, str]:
    """Return the versions that a figure depends on."""
    packages = ("tensorflow", "keras", "numpy")
    own = {"zoo": zoo.__version__, "python": platform.python_version()}
    return own | {name: version(name) for name in packages}


def machine() -> str:
    """Return one line that names processor, cores and system."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = f"{names[0].split(':')[1].strip()}, {len(names)} cores" if names else model
    return f"{model}, {platform.system()} {platform.machine()}"

"""Versions of the software and a description of the machine, to record with measurements."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from zoo.utils.version import __version__

TRAINING = ("tensorflow", "keras", "numpy")
RUNTIME = ("ai-edge-litert", "tflite-runtime", "numpy", "pillow")


def versions(packages: tuple[str, ...] = TRAINING) -> dict[str, str]:
    """Return the versions of zoo, Python and packages; those not installed are left out."""
    found = {"zoo": __version__, "python": platform.python_version()}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def machine() -> str:
    """Return processor, number of cores and operating system on one line."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line
            for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
            if line.startswith("model name")
        ]
        model = f"{names[0].split(':')[1].strip()}, {len(names)} cores" if names else model
    board = Path("/proc/device-tree/model")
    if board.exists():
        model = f"{board.read_text(encoding='utf-8', errors='replace').strip(chr(0))}, {model}"
    return f"{model}, {platform.system()} {platform.machine()}"

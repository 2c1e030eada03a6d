"""`zoo info`: what a bug report needs."""

from __future__ import annotations

import json
from typing import Any

from zoo.cli.options import AsJson
from zoo.cli.output import print_line
from zoo.errors import ZooError


def info(as_json: AsJson = False) -> None:
    """Print versions, devices, folders and settings, and what is missing: for a bug report."""
    from zoo.reports.information import information, missing
    from zoo.utils.devices import devices, no_gpu

    known = information()
    if not as_json:
        print_line("\n".join(_lines(known)))
    # Last, since TensorFlow takes seconds to start.
    try:
        seen = devices()
    except ZooError as error:
        seen = {"devices": [], "problem": str(error)}
    hint = "" if any(name.startswith(("GPU", "TPU")) for name in seen["devices"]) else no_gpu()
    sentences = [*missing(known), *([f"No GPU is used: {hint}."] if hint else [])]
    if as_json:
        print(json.dumps({**known, "tensorflow": seen, "missing": sentences}))
        return
    print_line(_line("devices", _devices_text(seen)))
    print_line("\n".join(["", *(sentences or ["Nothing is missing."])]))


def _lines(known: dict[str, Any]) -> list[str]:
    folders, memory = known["folders"], known["memory"]
    set_here = " ".join(f"{name}={value}" for name, value in known["variables"].items())
    ready = [name for name, prepared in known["datasets"].items() if prepared]
    cached = f"{known['cache_bytes'] / 1e6:,.1f} MB"
    return [
        f"zoo {known['versions']['zoo']}, Python {known['versions']['python']}",
        _line("machine", known["machine"]),
        _line(
            "memory",
            f"{memory['total'] / 1e9:,.1f} GB, {memory['available'] / 1e9:,.1f} GB available",
        ),
        _line("python", folders["python"]),
        _line("package", f"{folders['package']}, with {len(known['shipped'])} trained models"),
        *(_line(extra, _packages_text(found)) for extra, found in known["packages"].items()),
        _line("data", f"{folders['data']}: {', '.join(ready) or 'nothing prepared'}"),
        _line("cache", f"{folders['cache']}: {cached}"),
        *(_line("plugin", f"{name} {text}") for name, text in known["plugins"].items()),
        _line("encodings", ", ".join(f"{of} {name}" for of, name in known["encodings"].items())),
        _line("settings", set_here or "none"),
    ]


def _line(title: str, text: str) -> str:
    return f"{title + ':':<11}{text}"


def _packages_text(found: dict[str, str | None]) -> str:
    return ", ".join(f"{name} {version or '(missing)'}" for name, version in found.items())


def _devices_text(seen: dict[str, Any]) -> str:
    if "problem" in seen:
        return seen["problem"]
    built = f"built for CUDA {seen['cuda']}, cuDNN {seen['cudnn']}" if seen["cuda"] else "no CUDA"
    return f"{', '.join(seen['devices'])} (TensorFlow {built})"

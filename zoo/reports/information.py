"""What a bug report needs: versions, folders, settings, and what is missing here."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from zoo.errors import ZooError

DISTRIBUTION = "lecture-zoo"
BASE = "base"
# The extras, by what they are for; those of a developer are left out.
EXTRAS = {
    "train": "train, export and plot",
    "onnx": "export to ONNX",
    "serve": "serve the page",
    "heic": "read HEIC photos",
    "hub": "load bundles from a hub, and publish them",
}
# Settings that change what the package does; none of them is secret.
VARIABLES = (
    "ZOO_CACHE_DIR",
    "ZOO_PLUGINS",
    "ZOO_DEBUG",
    "TFDS_DATA_DIR",
    "XDG_CACHE_HOME",
    "KERAS_BACKEND",
    "KERAS_HOME",
    "TF_CONFIG",
    "TPU_NAME",
    "TF_FORCE_GPU_ALLOW_GROWTH",
    "TF_XLA_FLAGS",
    "XLA_FLAGS",
    "CUDA_VISIBLE_DEVICES",
    "OMP_NUM_THREADS",
    "PYTHONPATH",
    "PYTHONUTF8",
    "PYTHONIOENCODING",
    "LC_ALL",
    "LANG",
)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_EXTRA = re.compile(r"""extra\s*==\s*['"]([^'"]+)['"]""")


def information() -> dict[str, Any]:
    """Return what is known without TensorFlow, in values that JSON can write.

    Returns:
        "versions" of zoo and Python; "machine"; "memory" in bytes, "total" and "available" (to this
        process, a container's limit included); "packages", by extra the version of each, or None;
        "encodings"; "folders" with "package", "python", "data" and "cache"; "cache_bytes" and
        whether the cache is "cache_writable"; "datasets", by name whether it is prepared;
        "shipped" models; "plugins", by module the version or the problem; "variables" that are set.
    """
    import psutil

    from zoo.bundles.shipped import list_shipped
    from zoo.data import cache
    from zoo.data.tfds_files import tfds_folder
    from zoo.registry.plugins import load_plugins
    from zoo.utils.memory import available_bytes
    from zoo.utils.provenance import machine
    from zoo.utils.version import __version__

    return {
        "versions": {"zoo": __version__, "python": platform.python_version()},
        "machine": machine(),
        "memory": {"total": psutil.virtual_memory().total, "available": available_bytes()},
        "packages": packages(metadata.requires(DISTRIBUTION) if _is_installed() else []),
        "encodings": {
            "files": sys.getfilesystemencoding(),
            "output": getattr(sys.stdout, "encoding", None) or "none",
        },
        "folders": {
            "package": str(Path(__file__).resolve().parents[1]),
            "python": sys.executable,
            "data": str(tfds_folder(None)),
            "cache": str(cache.root()),
        },
        "cache_bytes": cache.size(),
        "cache_writable": _is_writable(cache.root()),
        "datasets": _prepared(),
        "shipped": list_shipped(),
        "plugins": {plugin.module: plugin.problem or plugin.version for plugin in load_plugins()},
        "variables": {name: os.environ[name] for name in VARIABLES if name in os.environ},
    }


def packages(requirements: list[str] | None) -> dict[str, dict[str, str | None]]:
    """Return by extra ("base" for none) the installed version of each package, or None.

    Packages that only some Python versions need are left out where they are not installed.

    Args:
        requirements: of the distribution, as its metadata writes them.

    >>> packages(['numpy>=1.26', 'no-such-package; extra == "onnx"'])["onnx"]
    {'no-such-package': None}
    """
    found: dict[str, dict[str, str | None]] = {}
    for requirement in requirements or []:
        stated, _, marker = requirement.partition(";")
        extra = _EXTRA.search(marker)
        name = _NAME.match(stated)
        if name is None or (extra and extra[1] not in EXTRAS):
            continue
        version = _version(name[0])
        if version or "python_version" not in marker:
            found.setdefault(extra[1] if extra else BASE, {})[name[0]] = version
    return found


def missing(known: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each thing that is missing, with the command that gets it.

    Args:
        known: from `information`.
    """
    sentences = []
    if not known["packages"]:
        sentences.append(
            "zoo runs from a folder and is not installed; run: pip install -e FOLDER, or "
            f'pip install "{DISTRIBUTION}".'
        )
    for extra, found in known["packages"].items():
        absent = [name for name, version in found.items() if version is None]
        if absent:
            command = f"{DISTRIBUTION}[{extra}]" if extra in EXTRAS else DISTRIBUTION
            sentences.append(
                f"To {EXTRAS.get(extra, 'run at all')}, {', '.join(absent)} "
                f'{"are" if len(absent) > 1 else "is"} missing; run: pip install "{command}".'
            )
    for name, prepared in known["datasets"].items():
        if not prepared:
            sentences.append(
                f"{name} is not in {known['folders']['data']}; run: zoo data prepare {name}, or "
                "set TFDS_DATA_DIR to the folder that contains it."
            )
    if not known["cache_writable"]:
        sentences.append(
            f"The cache {known['folders']['cache']} cannot be written, so that photos are decoded "
            "at every start; set ZOO_CACHE_DIR to a writable folder."
        )
    return sentences


def _is_installed() -> bool:
    return _version(DISTRIBUTION) is not None


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _is_writable(folder: Path) -> bool:
    """Return whether a folder can be written, or be created."""
    existing = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    return existing.is_dir() and os.access(existing, os.W_OK)


def _prepared() -> dict[str, bool]:
    """Return for each data set that is downloaded whether it is prepared."""
    from zoo import data
    from zoo.data.tfds_files import Reference, find_prepared

    found = {}
    for name in data.list_datasets():
        if data.describe(name).source != "tfds":
            continue
        try:
            find_prepared(Reference.parse(name), None)
            found[name] = True
        except ZooError:
            found[name] = False
    return found

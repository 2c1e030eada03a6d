"""Where decoded photos are kept between one start and the next."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from zoo.data import store
from zoo.errors import ZooError
from zoo.files import write_json

_logger = logging.getLogger("zoo")
_ABANDONED_SECONDS = 24 * 3600
_warned: set[Path] = set()

Build = Callable[[Path], tuple[str, ...]]


class Entry(NamedTuple):
    """A decoded data set, and the names of the photos that were left out of it."""

    content: store.StoredPhotos
    skipped: tuple[str, ...]


def root() -> Path:
    """Return ZOO_CACHE_DIR, else XDG_CACHE_HOME/lecture-zoo, else ~/.cache/lecture-zoo."""
    if chosen := os.environ.get("ZOO_CACHE_DIR"):
        return Path(chosen).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "lecture-zoo"


def entry_key(source_key: str) -> str:
    """Return what an entry is found by: the source, and what its photos are decoded with."""
    import PIL

    # Another Pillow may bring another JPEG decoder, whose pixels differ in the last bit.
    text = f"{store.FORMAT} {PIL.__version__} {source_key}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def find(name: str, key: str) -> Entry | None:
    """Return what was kept under this key, or None if nothing was or it is damaged."""
    try:
        index = json.loads(_index(name, key).read_text(encoding="utf-8"))
        skipped = tuple(str(photo) for photo in index["skipped"])
        return Entry(store.read(root() / name / index["fingerprint"]), skipped)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, store.DamagedStoreError) as error:
        _logger.info("The kept photos of %s are decoded again: %s.", name, error)
        return None


def add(name: str, key: str, build: Build) -> Entry:
    """Build an entry and keep it; where the cache cannot be written, go on without it.

    Several processes may add the same entry at once: one of the equal results stays.

    Args:
        name: of the data set.
        key: what `find` will be asked for.
        build: writes a store into the empty folder it is given and returns the names of photos
            it left out. It is called a second time if the first folder turns out unwritable.

    Raises:
        ZooError: if neither the cache nor the folder for temporary files can be written.
    """
    parent = root() / name
    building = parent / f".building-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        building.mkdir(parents=True)
        _remove_abandoned(parent)
        skipped = build(building)
        folder = _keep(building, parent)
        content = store.read(folder)
    except (OSError, store.DamagedStoreError) as error:
        _warn_once(error)
        return _build_without_cache(build)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    try:
        entry = {"fingerprint": content.fingerprint, "skipped": list(skipped)}
        write_json(_index(name, key), entry)
    except ZooError as error:
        _warn_once(error)
    return Entry(content, skipped)


def _index(name: str, key: str) -> Path:
    return root() / name / f"{key}.json"


def _keep(building: Path, parent: Path) -> Path:
    target = parent / store.read(building).fingerprint
    for _ in range(10):
        try:
            building.rename(target)
            return target
        except OSError:
            if not target.exists():
                raise
        try:
            store.read(target)
            return target
        except store.DamagedStoreError:
            _remove(target)
    raise OSError(f"{target} is damaged and cannot be replaced")


def _remove(folder: Path) -> None:
    # Renamed first: whoever looks meanwhile finds all of it or nothing.
    aside = folder.with_name(f".building-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        folder.rename(aside)
    except FileNotFoundError:
        return
    shutil.rmtree(aside, ignore_errors=True)


def _remove_abandoned(parent: Path) -> None:
    for folder in parent.glob(".building-*"):
        try:
            abandoned = time.time() - folder.stat().st_mtime > _ABANDONED_SECONDS
        except FileNotFoundError:
            continue
        if abandoned:
            shutil.rmtree(folder, ignore_errors=True)


def _build_without_cache(build: Build) -> Entry:
    try:
        with tempfile.TemporaryDirectory(prefix="zoo-", ignore_cleanup_errors=True) as name:
            skipped = build(Path(name))
            # What is memory-mapped outlives the folder it was opened from.
            return Entry(store.read(Path(name)), skipped)
    except (OSError, store.DamagedStoreError) as error:
        raise ZooError(
            f"Decoded photos can be written neither to {root()} nor to the folder for temporary "
            f"files ({error}); set ZOO_CACHE_DIR to a folder with room."
        ) from error


def _warn_once(error: Exception) -> None:
    if root() in _warned:
        return
    _warned.add(root())
    _logger.warning(
        "The cache %s cannot be written (%s), so photos are decoded at every start; "
        "set ZOO_CACHE_DIR to a folder that can be written.",
        root(),
        error,
    )

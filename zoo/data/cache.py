"""A cache of decoded photos on disk."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from zoo.data import store
from zoo.errors import ZooError
from zoo.utils.files import write_json
from zoo.utils.text import printable

_logger = logging.getLogger("zoo")
_ABANDONED_SECONDS = 24 * 3600
_warned: set[Path] = set()
_INDEX_NAME = re.compile(r"[0-9a-f]{32}\.json")
_FOLDER_NAME = re.compile(r"[0-9a-f]{16}")


class Built(NamedTuple):
    """What was found while a store was built: names of unreadable photos, and notes."""

    skipped: tuple[str, ...]
    notes: tuple[str, ...]


Build = Callable[[Path], Built]


class Entry(NamedTuple):
    """A decoded data set, the names of the photos that were skipped, and notes."""

    content: store.StoredPhotos
    skipped: tuple[str, ...]
    notes: tuple[str, ...]


def root() -> Path:
    """Return ZOO_CACHE_DIR, else XDG_CACHE_HOME/lecture-zoo, else ~/.cache/lecture-zoo."""
    if chosen := os.environ.get("ZOO_CACHE_DIR"):
        return Path(chosen).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "lecture-zoo"


def entry_key(source_key: str) -> str:
    """Return the key of an entry: a hash of the source's key, the format and Pillow's version."""
    import PIL

    # Another version of Pillow may bring another JPEG decoder, whose pixels may differ by 1.
    text = f"{store.FORMAT} {PIL.__version__} {source_key}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def find(name: str, key: str) -> Entry | None:
    """Return the entry of a key, or None if there is none or it is damaged."""
    try:
        index = json.loads(_index(name, key).read_text(encoding="utf-8"))
        skipped = tuple(str(photo) for photo in index["skipped"])
        notes = tuple(str(note) for note in index["notes"])
        return Entry(store.read(root() / name / index["fingerprint"]), skipped, notes)
    except FileNotFoundError:
        return None
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        RecursionError,
        store.DamagedStoreError,
    ) as error:
        _logger.info("The cached photos of %s are decoded again: %s.", name, error)
        return None


def add(name: str, key: str, build: Build, place: str) -> Entry:
    """Build an entry and store it; if the cache is not writable, return it without storing it.

    Several processes may add the same entry at once: one of the equal results is kept.

    Args:
        name: of the data set.
        key: to `find` it by.
        build: writes a store into the empty folder it is given. It is called a second time if
            the first folder is not writable.
        place: the folder the photos come from; older entries of the same folder are removed.

    Raises:
        ZooError: if neither the cache nor the folder for temporary files can be written.
    """
    parent = root() / name
    building = parent / f".building-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        building.mkdir(parents=True)
        _remove_abandoned(parent)
        built = build(building)
        folder = _move_into_place(building, parent)
        content = store.read(folder)
    except (OSError, store.DamagedStoreError) as error:
        _warn_once(error)
        return _build_without_cache(build)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    try:
        entry = {"fingerprint": content.fingerprint, "place": _described(place), **built._asdict()}
        write_json(_index(name, key), entry)
        _remove_older(name, key, entry["place"])
    except (ZooError, OSError) as error:
        _warn_once(error)
    return Entry(content, *built)


def size() -> int:
    """Return the size of the cache in bytes."""
    return sum(_bytes_of(path) for path in _entries())


def clear() -> int:
    """Empty the cache and return the number of bytes freed.

    Only files that this module wrote are removed, so that the cache folder may hold other files
    too. An entry that another process is building is left alone.

    Raises:
        ZooError: if something cannot be removed.
    """
    freed = 0
    for path in _entries():
        taken = _bytes_of(path)
        try:
            # Indices come first (see `_entries`): without one, no process opens the photos.
            path.unlink() if path.is_file() else _remove(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise ZooError(
                f"{path} cannot be removed ({error.strerror or error}); "
                "ask the owner of that folder to remove it."
            ) from error
        freed += taken
    for parent in _data_sets():
        _remove_abandoned(parent)
        with contextlib.suppress(OSError):
            parent.rmdir()
    return freed


def _data_sets() -> list[Path]:
    try:
        return sorted(path for path in root().iterdir() if path.is_dir())
    except OSError:
        return []


def _entries() -> list[Path]:
    """Return the index files, then the folders of photos."""
    indices, folders = [], []
    for parent in _data_sets():
        try:
            inside = sorted(parent.iterdir())
        except OSError:
            continue
        indices += [path for path in inside if _INDEX_NAME.fullmatch(path.name)]
        folders += [path for path in inside if _FOLDER_NAME.fullmatch(path.name)]
    return indices + folders


def _bytes_of(path: Path) -> int:
    total = 0
    for file in (path, *path.rglob("*")):
        # Another process may be removing it.
        with contextlib.suppress(OSError):
            total += file.lstat().st_size if not file.is_dir() else 0
    return total


def _described(place: str) -> str:
    import PIL

    # Another environment with another Pillow may share the cache, so both keep their entries.
    return printable(f"{place}, Pillow {PIL.__version__}")


def _remove_older(name: str, key: str, place: str) -> None:
    """Remove older entries of the same folder, and photos that no entry refers to any more."""
    named: dict[Path, tuple[str, str]] = {}
    for path in (root() / name).glob("*.json"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
            index = json.loads(path.read_text(encoding="utf-8"))
            named[path] = (str(index["fingerprint"]), str(index.get("place", "")))
    older = {path for path, (_, of) in named.items() if of == place} - {_index(name, key)}
    used = {fingerprint for path, (fingerprint, _) in named.items() if path not in older}
    for path in older:
        path.unlink(missing_ok=True)
        fingerprint = named[path][0]
        if fingerprint not in used and _FOLDER_NAME.fullmatch(fingerprint):
            _remove(root() / name / fingerprint)


def _index(name: str, key: str) -> Path:
    return root() / name / f"{key}.json"


def _move_into_place(building: Path, parent: Path) -> Path:
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
    # Renamed first, so that other processes see the whole folder or none.
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
            built = build(Path(name))
            # Memory-mapped files stay readable after their folder is removed.
            return Entry(store.read(Path(name)), *built)
    except (OSError, store.DamagedStoreError) as error:
        raise ZooError(
            f"Decoded photos can be written neither to {root()} nor to the folder for temporary "
            f"files ({error}); set ZOO_CACHE_DIR to a writable folder with enough space."
        ) from error


def _warn_once(error: Exception) -> None:
    if root() in _warned:
        return
    _warned.add(root())
    _logger.warning(
        "The cache %s cannot be written (%s), so photos are decoded at every start; "
        "set ZOO_CACHE_DIR to a writable folder.",
        root(),
        error,
    )

"""A cache of decoded photos on disk."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import logging
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
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
# Up to format 2, folders were named by the fingerprint alone.
_FOLDER_NAME = re.compile(r"[0-9a-f]{16}(-\d+)?")
# Characters that some system does not allow in the name of a folder, or treats in another way.
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")
_LONGEST_NAME = 80
# Errors of a full disk and of a used-up quota.
FULL = (errno.ENOSPC, errno.EDQUOT)


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
        content = store.read(_photos(_parent(name), index["fingerprint"]))
        return Entry(content, skipped, notes)
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
        ZooError: if the disk is full, or neither the cache nor the folder for temporary files can
            be written; nothing is left behind.
    """
    parent = _parent(name)
    building = parent / f".building-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        building.mkdir(parents=True)
        _remove_abandoned(parent)
        built = build(building)
        folder = _move_into_place(building, parent)
        content = store.read(folder)
    except (OSError, store.DamagedStoreError) as error:
        _require_not_full(error)
        _warn_once(error)
        return _build_without_cache(build)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    try:
        entry = {
            "name": printable(name),
            "fingerprint": content.fingerprint,
            "place": _described(place),
            **built._asdict(),
        }
        write_json(_index(name, key), entry)
        _remove_older(name, key, entry["place"])
    except (ZooError, OSError) as error:
        _warn_once(error)
    return Entry(content, *built)


def require_space(folder: Path, needed: int, what: str) -> None:
    """Raise an error if a folder's disk has too little space, before anything is written.

    Args:
        folder: that will be written to, inside the cache or the folder for temporary files.
        needed: bytes, about.
        what: needs them, such as "The 30 photos of photos".

    Raises:
        ZooError: if less is free.
    """
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise too_little_space(folder, needed, what, free)


def too_little_space(folder: Path, needed: int, what: str, free: int) -> ZooError:
    """Return the error of a disk on which there were so many bytes free; see `require_space`."""
    where = printable(root() if root() in folder.parents else folder.parent)
    return ZooError(
        f"{what} need {needed / 1e6:,.1f} MB of disk space, and {where} has {free / 1e6:,.1f} MB "
        "free; free some space, or set ZOO_CACHE_DIR to a folder with enough."
    )


def size() -> int:
    """Return the size of the cache in bytes."""
    return sum(_bytes_of(path) for path in _entries())


def sizes() -> dict[str, int]:
    """Return the size of each data set's entries in bytes, by name; the largest first.

    Entries of former versions, which no longer can be read, are under the name "".
    """
    found: dict[str, int] = {}
    for parent in _data_sets():
        named = _indices(parent)
        name_of = {_photos(parent, index["fingerprint"]): index["name"] for index in named.values()}
        for path in _entries([parent]):
            name = named[path]["name"] if path in named else name_of.get(path, "")
            found[name] = found.get(name, 0) + _bytes_of(path)
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def clear(name: str | None = None, place: str | None = None) -> int:
    """Remove the entries of one data set, or of all, and return the number of bytes freed.

    Only files that this module wrote are removed, so that the cache folder may hold other files
    too. An entry that another process is building is left alone.

    Args:
        name: of the data set; all by default, entries of former versions included.
        place: what its images come from, if only those are meant.

    Raises:
        ZooError: if something cannot be removed.
    """
    freed = 0
    for path in _entries() if name is None else _entries_of(name, place):
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


def _entries_of(name: str, place: str | None) -> list[Path]:
    """Return the index files of a data set, then the folders of photos that only they name."""
    named = _indices(_parent(name))
    own = {
        path: index
        for path, index in named.items()
        if index["name"] == printable(name)
        and (place is None or index["place"].startswith(printable(f"{place}, ")))
    }
    others = {index["fingerprint"] for path, index in named.items() if path not in own}
    fingerprints = sorted({index["fingerprint"] for index in own.values()} - others)
    return [*own, *(_photos(_parent(name), fingerprint) for fingerprint in fingerprints)]


def _indices(parent: Path) -> dict[Path, dict[str, str]]:
    """Return the index files that can be read, with name, fingerprint and place."""
    found = {}
    for path in sorted(parent.glob("*.json")):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
            index = json.loads(path.read_text(encoding="utf-8"))
            one = {key: str(index[key]) for key in ("name", "fingerprint", "place")}
            if _INDEX_NAME.fullmatch(path.name) and _FOLDER_NAME.fullmatch(one["fingerprint"]):
                found[path] = one
    return found


def _entries(parents: Sequence[Path] | None = None) -> list[Path]:
    """Return the index files, then the folders of photos."""
    indices, folders = [], []
    for parent in _data_sets() if parents is None else parents:
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

    # Environments with other versions may share the cache, so each keeps its entries.
    return printable(f"{place}, Pillow {PIL.__version__}, format {store.FORMAT}")


def _remove_older(name: str, key: str, place: str) -> None:
    """Remove older entries of the same folder, and photos that no entry refers to any more."""
    parent = _parent(name)
    named = _indices(parent)
    older = {path for path, index in named.items() if index["place"] == place}
    older -= {_index(name, key)}
    used = {index["fingerprint"] for path, index in named.items() if path not in older}
    for path in older:
        path.unlink(missing_ok=True)
        if named[path]["fingerprint"] not in used:
            _remove(_photos(parent, named[path]["fingerprint"]))


def _parent(name: str) -> Path:
    """Return the folder of a data set's entries; names that differ may share one."""
    return root() / _UNSAFE.sub("-", name)[:_LONGEST_NAME].rstrip(".")


def _index(name: str, key: str) -> Path:
    return _parent(name) / f"{key}.json"


def _photos(parent: Path, fingerprint: str) -> Path:
    # Environments with another format may share the cache.
    return parent / f"{fingerprint}-{store.FORMAT}"


def _move_into_place(building: Path, parent: Path) -> Path:
    target = _photos(parent, store.read(building).fingerprint)
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
        _require_not_full(error)
        raise ZooError(
            f"Decoded photos can be written neither to {root()} nor to the folder for temporary "
            f"files ({error}); set ZOO_CACHE_DIR to a writable folder with enough space."
        ) from error


def _require_not_full(error: Exception) -> None:
    if isinstance(error, OSError) and error.errno in FULL:
        raise ZooError(
            f"Decoded photos cannot be written to {root()} ({error.strerror}); free some space, or "
            "set ZOO_CACHE_DIR to a folder with enough."
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

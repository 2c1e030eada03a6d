"""What lies in a folder of photos: photos, and what is passed over."""

from __future__ import annotations

import os
import stat
from collections import Counter
from pathlib import Path

from zoo.utils.text import printable

SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".gif", ".bmp", ".webp"),
    *(".avif", ".tif", ".tiff"),
)
# What folders that hold one split each are called, by Keras, torchvision and others.
SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "test": "test",
    "testing": "test",
}
_SPECIAL = {
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
}


class Listing:
    """The files under a folder, listed once, without opening any.

    Args:
        root: the folder.

    Raises:
        OSError: if it, or a folder inside it, cannot be read.
    """

    suffixes = SUFFIXES

    def __init__(self, root: Path):
        self._folders: dict[Path, list[str]] = {}
        self._photos: dict[Path, list[Path]] = {}
        self._passed: Counter[str] = Counter()
        self._list(root, Path())

    def folders(self, folder: Path) -> list[str]:
        """Return the names of the folders directly inside one, sorted."""
        return self._folders.get(folder, [])

    def direct_photos(self, folder: Path) -> list[Path]:
        """Return the paths of the photos directly inside a folder, relative to the root."""
        return self._photos.get(folder, [])

    def photos(self, folder: Path) -> list[Path]:
        """Return the paths of all photos under a folder, relative to the root."""
        below = [path for name in self.folders(folder) for path in self.photos(folder / name)]
        return self.direct_photos(folder) + below

    def passed_over(self) -> str | None:
        """Return one sentence on the files that are not photos, None if there are none."""
        loose = len(self.direct_photos(Path()))
        passed = self._passed + Counter({"photo outside of every class": loose})
        total = sum(passed.values())
        if not total:
            return None
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(passed.items()))
        what = "files that are not photos" if total > 1 else "file that is not a photo"
        return f"Passed over {total:,} {what}: {kinds}."

    def _list(self, root: Path, folder: Path) -> None:
        inside = sorted(os.scandir(root / folder), key=lambda entry: entry.name)
        folders, photos = [], []
        for entry in inside:
            if is_hidden(entry.name):
                continue
            if entry.is_dir(follow_symlinks=_holds_classes(folder)):
                folders.append(entry.name)
            else:
                kind = _kind(entry)
                if kind == "photo":
                    photos.append(folder / entry.name)
                else:
                    self._passed[kind] += 1
        self._folders[folder], self._photos[folder] = folders, photos
        for name in folders:
            self._list(root, folder / name)


def _holds_classes(folder: Path) -> bool:
    # A class may be a link to a folder elsewhere; further down, a link may lead back up.
    return folder == Path() or (folder.parent == Path() and folder.name.lower() in SPLIT_NAMES)


def is_hidden(name: str) -> bool:
    """Return whether a name begins with a dot."""
    return name.startswith(".")


def _kind(entry: os.DirEntry) -> str:
    try:
        mode = entry.stat().st_mode
    except OSError:
        return "link that leads nowhere"
    if stat.S_ISDIR(mode):
        return "link to a folder"
    if not stat.S_ISREG(mode):
        # To open a pipe would wait for whoever writes into it.
        return _SPECIAL.get(stat.S_IFMT(mode), "special file")
    suffix = os.path.splitext(entry.name)[1].lower()  # noqa: PTH122  of a name, not a path
    if suffix in SUFFIXES:
        return "photo"
    return printable(suffix) or "file without a suffix"

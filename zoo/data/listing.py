"""Lists the photos in a folder, and counts the files that are ignored."""

from __future__ import annotations

import os
import stat
from collections import Counter
from pathlib import Path

from zoo import edge
from zoo.utils.text import printable

_SUFFIXES_OF_FORMAT = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "PNG": (".png",),
    "GIF": (".gif",),
    "BMP": (".bmp",),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm"),
    "WEBP": (".webp",),
    "TIFF": (".tif", ".tiff"),
    "AVIF": (".avif",),
    "JPEG2000": (".jp2", ".j2k", ".jpx", ".jpf", ".jpc", ".j2c"),
    "HEIF": (".heic", ".heif", ".hif"),
}
# Every format that can be decoded has its suffixes here, or this fails when it is imported.
SUFFIXES = tuple(suffix for kind in edge.PHOTO_FORMATS for suffix in _SUFFIXES_OF_FORMAT[kind])
_HEIF_MISSING = "HEIF" not in edge.PHOTO_FORMATS
# Names of split folders that Keras, torchvision and others use.
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
_WITHOUT_SUFFIX = "without a suffix"
_OUTSIDE = "photo outside of class folders"
_PLURALS = {
    "pipe": "pipes",
    "socket": "sockets",
    "device": "devices",
    "special file": "special files",
    "broken link": "broken links",
    "link to a folder": "links to folders",
    _OUTSIDE: "photos outside of class folders",
}


class Listing:
    """The files under a folder, listed once, without opening them.

    Args:
        root: the folder.

    Raises:
        OSError: if the folder or one of its subfolders cannot be read.
    """

    suffixes = SUFFIXES

    def __init__(self, root: Path):
        self._folders: dict[Path, list[str]] = {}
        self._photos: dict[Path, list[Path]] = {}
        self._ignored: Counter[str] = Counter()
        self._list(root, Path())

    def folders(self, folder: Path) -> list[str]:
        """Return the names of the direct subfolders of a folder, sorted."""
        return self._folders.get(folder, [])

    def direct_photos(self, folder: Path) -> list[Path]:
        """Return the paths of the photos directly inside a folder, relative to the root."""
        return self._photos.get(folder, [])

    def photos(self, folder: Path) -> list[Path]:
        """Return the paths of all photos under a folder, relative to the root."""
        below = [path for name in self.folders(folder) for path in self.photos(folder / name)]
        return self.direct_photos(folder) + below

    def ignored_files(self) -> str | None:
        """Return one sentence on the files that are ignored, or None if there are none."""
        outside = len(self.direct_photos(Path()))
        ignored = self._ignored + Counter({_OUTSIDE: outside})
        total = sum(ignored.values())
        if not total:
            return None
        kinds = ", ".join(_counted(kind, count) for kind, count in sorted(ignored.items()))
        return f"Ignored {total:,} file{'s' * (total != 1)}: {kinds}."

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
                    self._ignored[kind] += 1
        self._folders[folder], self._photos[folder] = folders, photos
        for name in folders:
            self._list(root, folder / name)


def _counted(kind: str, count: int) -> str:
    """Return a number of ignored files, such as "3 .txt"."""
    hint = ""
    if _HEIF_MISSING and kind in _SUFFIXES_OF_FORMAT["HEIF"]:
        hint = f" (install pillow-heif to read {'them' if count > 1 else 'it'})"
    return f"{count:,} {_PLURALS.get(kind, kind) if count > 1 else kind}{hint}"


def _holds_classes(folder: Path) -> bool:
    # A class folder may be a symbolic link; deeper links are not followed, as they may be cycles.
    return folder == Path() or (folder.parent == Path() and folder.name.lower() in SPLIT_NAMES)


def is_hidden(name: str) -> bool:
    """Return whether a name begins with a dot."""
    return name.startswith(".")


def _kind(entry: os.DirEntry) -> str:
    try:
        mode = entry.stat().st_mode
    except OSError:
        return "broken link"
    if stat.S_ISDIR(mode):
        return "link to a folder"
    if not stat.S_ISREG(mode):
        # Opening a pipe would block.
        return _SPECIAL.get(stat.S_IFMT(mode), "special file")
    suffix = os.path.splitext(entry.name)[1].lower()  # noqa: PTH122  of a name, not a path
    if suffix in SUFFIXES:
        return "photo"
    return printable(suffix) or _WITHOUT_SUFFIX

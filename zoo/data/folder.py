"""A folder of photos, one folder inside it per class."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from zoo.data.photo_source import EncodedPhoto, files_key
from zoo.data.splits import fill_empty_splits, split_by_name
from zoo.errors import ZooError

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp")
VALIDATION_SHARE = 0.1
TEST_SHARE = 0.2
_LEAST_PER_CLASS = 3
_EXAMPLE = "such as cat/1.jpg and dog/1.jpg"


class PhotoFolder:
    """The photos under FOLDER/CLASS/, for instance FOLDER/cat/1.jpg; a class may have subfolders.

    Classes are the folders' names, sorted. 20 % of the photos are tested on, 10 % validated, by
    a hash of the path inside FOLDER; every class has at least one photo in each split, for which
    a small folder's photos are moved (see `fill_empty_splits`). Names that begin with a dot are
    passed over.

    Args:
        data_dir: FOLDER.

    Raises:
        ZooError: if there is no such folder or there are not two classes in it.
    """

    name = "photos"

    def __init__(self, data_dir: str | Path | None):
        if data_dir is None:
            raise ZooError(
                "The data set 'photos' needs a folder with one folder of photos per class; "
                "name it with data_dir, or --data-dir on the command line."
            )
        self._folder = Path(data_dir).expanduser()
        if not self._folder.is_dir():
            raise ZooError(
                f"There is no folder {self._folder}; "
                f"give one with a folder of photos per class, {_EXAMPLE}."
            )
        try:
            self.labels = tuple(sorted(_visible_folders(self._folder)))
        except OSError as error:
            raise ZooError(
                f"{self._folder} cannot be read ({error.strerror}); give a folder that can."
            ) from error
        if len(self.labels) < 2:
            raise ZooError(
                f"{self._folder} holds {len(self.labels)} class folder"
                f"{'s' * (len(self.labels) != 1)}, but at least 2 are needed, {_EXAMPLE}."
            )
        self._files = [
            (path, label)
            for label, name in enumerate(self.labels)
            for path in _photo_files(self._folder / name)
        ]
        self._require(Counter(label for _, label in self._files))

    @property
    def total(self) -> int:
        """How many photo files there are."""
        return len(self._files)

    def key(self) -> str:
        """Return a hash over the files' names, sizes and times of change, and the classes."""
        return files_key(self._folder, [path for path, _ in self._files])

    def read(self) -> Iterator[EncodedPhoto]:
        """Yield the files; one that cannot be opened comes without bytes."""
        for path, label in self._files:
            name = path.relative_to(self._folder).as_posix()
            # Systems differ in how they spell an accent; the split must not.
            name = unicodedata.normalize("NFC", name)
            try:
                encoded = path.read_bytes()
            except OSError:
                encoded = b""
            yield EncodedPhoto(
                name, label, split_by_name(name, VALIDATION_SHARE, TEST_SHARE), encoded
            )

    def settle(self, split_of: Mapping[str, str], class_of: Mapping[str, int]) -> dict[str, str]:
        """Return the splits, none of them without a photo of every class.

        Raises:
            ZooError: if a class has fewer than three readable photos.
        """
        self._require(Counter(class_of.values()), "readable ")
        return fill_empty_splits(split_of, class_of)

    def _require(self, photos: Mapping[int, int], readable: str = "") -> None:
        for label, name in enumerate(self.labels):
            count = photos.get(label, 0)
            if count < _LEAST_PER_CLASS:
                raise ZooError(
                    f"{self._folder / name} holds {count or 'no'} {readable}"
                    f"photo{'s' * (count != 1)} ({', '.join(SUFFIXES)}), but every class needs "
                    f"at least {_LEAST_PER_CLASS}: one to train on, one to validate, one to test."
                )


def _visible_folders(folder: Path) -> list[str]:
    return [
        entry.name for entry in folder.iterdir() if entry.is_dir() and not _is_hidden(entry.name)
    ]


def _photo_files(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _is_hidden(name))
        for name in sorted(files):
            path = Path(parent, name)
            # A link that leads nowhere has no size or time to be known by.
            if path.suffix.lower() in SUFFIXES and not _is_hidden(name) and path.exists():
                yield path


def _is_hidden(name: str) -> bool:
    return name.startswith(".")

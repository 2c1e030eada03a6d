"""The interface of sources of encoded photos: folders and TensorFlow Datasets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from zoo.data.decoding import Decoded


class EncodedPhoto(NamedTuple):
    """One photo as read from its source.

    Args:
        name: unique within the data set.
        label: index of its label.
        split: by its name or its folder; "" if `finalise_splits` assigns it.
        encoded: content of its JPEG, PNG or other file.
    """

    name: str
    label: int
    split: str
    encoded: bytes


class PhotoSource(Protocol):
    """A source of photos, which may be read repeatedly and in any order."""

    name: str
    labels: tuple[str, ...]

    @property
    def total(self) -> int:
        """Number of photos that `read` yields, whether they can be decoded or not."""

    @property
    def encoded_bytes(self) -> int:
        """Size of the files that `read` reads, about."""

    def key(self) -> str:
        """Return a hash that changes when the files do, computed without reading them."""

    def read(self) -> Iterator[EncodedPhoto]:
        """Yield the photos.

        Raises:
            ZooError: if they cannot be read.
        """

    @property
    def place(self) -> str:
        """The folder it reads, by which older cache entries are replaced."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences to show the user, such as on files that are ignored."""

    @property
    def found(self) -> tuple[str, ...]:
        """Sentences on what `read` found, asked for after it."""

    def finalise_splits(self, photos: Sequence[Decoded]) -> dict[str, str]:
        """Return name → split for every photo that could be decoded.

        Args:
            photos: those that could be decoded, with the split that `read` gave.

        Raises:
            ZooError: if there are too few to split.
        """


def files_key(folder: Path, files: Iterable[Path]) -> str:
    """Return a hash of the files' paths inside `folder`, sizes and modification times."""
    digest = hashlib.sha256()
    for relative, path in sorted((file.relative_to(folder).as_posix(), file) for file in files):
        status = path.stat()
        text = f"{relative}\0{status.st_size}\0{status.st_mtime_ns}\n"
        digest.update(text.encode(errors="surrogateescape"))
    return digest.hexdigest()

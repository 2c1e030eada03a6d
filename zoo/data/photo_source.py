"""Where encoded photos come from: what a folder and a TFDS set have in common."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from zoo.data.decoding import Decoded


class EncodedPhoto(NamedTuple):
    """One photo as it was read.

    Args:
        name: its identity, unlike any other's in the data set.
        label: index of its label.
        split: where its identity, or the folder it lies in, puts it; "" where `settle` decides.
        encoded: the bytes of its JPEG, PNG or other file.
    """

    name: str
    label: int
    split: str
    encoded: bytes


class PhotoSource(Protocol):
    """Photos that can be read, in any order, as often as needed."""

    name: str
    labels: tuple[str, ...]

    @property
    def total(self) -> int:
        """How many photos `read` will give, readable or not."""

    def key(self) -> str:
        """Return a hash that changes when the files do, found without reading them."""

    def read(self) -> Iterator[EncodedPhoto]:
        """Yield the photos.

        Raises:
            ZooError: if they cannot be read.
        """

    @property
    def place(self) -> str:
        """The folder it reads, which old entries of the cache are known by."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what was found beside the photos."""

    def settle(self, photos: Sequence[Decoded]) -> dict[str, str]:
        """Return the split of every photo that could be decoded, by name.

        Args:
            photos: those that could be decoded, with the split `read` gave.

        Raises:
            ZooError: if there are too few to split.
        """


def files_key(folder: Path, files: Iterable[Path]) -> str:
    """Return a hash over the files' paths inside `folder`, their sizes and times of change."""
    digest = hashlib.sha256()
    for relative, path in sorted((file.relative_to(folder).as_posix(), file) for file in files):
        status = path.stat()
        text = f"{relative}\0{status.st_size}\0{status.st_mtime_ns}\n"
        digest.update(text.encode(errors="surrogateescape"))
    return digest.hexdigest()

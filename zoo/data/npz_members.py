"""The arrays in a .npz file, read one after another or part by part."""

from __future__ import annotations

import contextlib
import math
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from zoo.errors import ZooError
from zoo.utils.files import read_beginning
from zoo.utils.text import printable

_PART_BYTES = 2**24
_NPY = b"\x93NUMPY"
# What zipfile and numpy raise for a damaged file.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    ValueError,
    KeyError,
    SyntaxError,
    TypeError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
)


class Member(NamedTuple):
    """An array in the file, by its header.

    Args:
        name: without .npy.
        entry: its name in the archive.
        shape: of the array.
        dtype: of the array.
        fortran: whether its columns lie one after another.
    """

    name: str
    entry: str
    shape: tuple[int, ...]
    dtype: np.dtype
    fortran: bool


class NpzFile:
    """A .npz file, opened for reading.

    Args:
        path: of the file.

    Raises:
        ZooError: if it is missing, is no .npz file, or holds Python objects.
    """

    def __init__(self, path: Path):
        self.path = path
        self.where = f"The file {printable(path)}"
        self._require_file()
        self.members: dict[str, Member] = {}
        with self._opened() as archive:
            for info in archive.infolist():
                member = self._member(archive, info)
                if member.name in self.members:
                    raise ZooError(f"{self.where} has two arrays named {printable(member.name)}.")
                self.members[member.name] = member

    def read(self, name: str) -> np.ndarray:
        """Return an array.

        Raises:
            ZooError: if the file is damaged.
        """
        with self._opened() as archive, archive.open(self.members[name].entry) as stream:
            return np.lib.format.read_array(stream, allow_pickle=False)

    def parts(self, name: str) -> Iterator[np.ndarray]:
        """Yield an array in parts of a few megabytes, along its first dimension.

        Raises:
            ZooError: if the file is damaged, or the array's columns lie one after another.
        """
        member = self.members[name]
        if member.fortran and len(member.shape) > 1:
            raise ZooError(
                f"{self.where} holds {printable(name)} in Fortran order; save "
                "np.ascontiguousarray of it."
            )
        row = math.prod(member.shape[1:]) * member.dtype.itemsize
        count = max(1, _PART_BYTES // max(1, row))
        with self._opened() as archive, archive.open(member.entry) as stream:
            _read_header(stream)
            for at in range(0, member.shape[0], count):
                rows = min(count, member.shape[0] - at)
                content = stream.read(rows * row)
                if len(content) < rows * row:
                    raise EOFError("it ends too early")
                yield np.frombuffer(content, member.dtype).reshape(rows, *member.shape[1:])
            # The checksum is compared at the end.
            stream.read()

    def _require_file(self) -> None:
        if read_beginning(self.path, len(_NPY), ".npz file") == _NPY:
            raise ZooError(
                f"{self.where} is a single array (.npy); save x and y together, "
                "np.savez('data.npz', x=x, y=y)."
            )

    @contextlib.contextmanager
    def _opened(self) -> Iterator[zipfile.ZipFile]:
        try:
            with zipfile.ZipFile(self.path) as archive:
                yield archive
        except _DAMAGED as error:
            raise ZooError(
                f"{self.where} is damaged or no .npz file ({printable(error)}); save it again with "
                "np.savez."
            ) from error
        except OSError as error:
            raise ZooError(f"{self.where} cannot be read ({error.strerror or error}).") from error
        except MemoryError as error:
            raise ZooError(
                f"{self.where} does not fit into memory; give fewer examples, or images, which "
                "stay on disk."
            ) from error

    def _member(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
        if not info.filename.endswith(".npy"):
            raise ValueError(f"it holds {info.filename}, which is no array")
        name = info.filename.removesuffix(".npy")
        with archive.open(info) as stream:
            shape, fortran, dtype = _read_header(stream)
            if dtype.hasobject:
                raise ZooError(
                    f"{self.where} holds {printable(name)} as Python objects, which are not read, "
                    "as they may run code; save numbers or text, such as "
                    f"{printable(name)}.astype(str)."
                )
            if stream.tell() + math.prod(shape) * dtype.itemsize != info.file_size:
                raise ValueError(f"{name} is not as large as its header says")
        return Member(name, info.filename, shape, dtype, fortran)


def _read_header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    version = np.lib.format.read_magic(stream)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in read:
        raise ValueError(f"its format {version} is unknown")
    return read[version](stream)

"""The lecture's two photo data sets, as TensorFlow Datasets (TFDS) prepares them on disk."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoo.data.dataset import SPLITS
from zoo.data.decoding import Decoded
from zoo.data.photo_source import EncodedPhoto, files_key
from zoo.data.splits import split_by_name
from zoo.errors import ZooError
from zoo.utils.text import printable

_READ_AT_ONCE = 256
_ANSWER_SECONDS = 10
_REASON = 200
_ALTERNATIVES = (
    "try again later, copy a prepared folder from another machine and give it as --data-dir, or "
    "use the data set 'photos' with a folder of your own"
)
_VERSION = re.compile(r"\d+\.\d+\.\d+")


@dataclass(frozen=True)
class Layout:
    """How a prepared data set is split.

    Args:
        identity: the feature that identifies examples.
        fractions: TFDS split → fractions of (validation, test), by a hash of the identity.
        server: from which TFDS downloads it.
    """

    identity: str
    fractions: Mapping[str, tuple[float, float]]
    server: str


LAYOUTS = {
    "cifar10": Layout(
        "id", {"train": (0.1, 0.0), "test": (0.0, 1.0)}, "https://www.cs.toronto.edu"
    ),
    "cats_vs_dogs": Layout(
        "image/filename", {"train": (0.1, 0.2)}, "https://download.microsoft.com"
    ),
}


class TfdsPhotos:
    """The photos of a data set that TFDS has downloaded and prepared.

    Args:
        name: a key of `LAYOUTS`.
        data_dir: the folder in which TFDS stores data sets; by default TFDS_DATA_DIR, else
            ~/tensorflow_datasets.

    Raises:
        ZooError: if the data set is not in it.
    """

    def __init__(self, name: str, data_dir: str | Path | None):
        self.name = name
        self._layout = LAYOUTS[name]
        parent = tfds_folder(data_dir)
        try:
            folder = prepared_folder(name, parent)
            there = parent.is_dir()
        except OSError as error:
            raise _cannot_read(parent, error) from error
        if folder is None:
            _require_no_deeper(name, parent)
            problem = (
                f"{name} is not in {parent}"
                if there
                else f"There is no folder {parent} to read {name} from"
            )
            raise ZooError(
                f"{problem}; run `zoo data prepare {name}{_option(data_dir)}`, "
                "or set TFDS_DATA_DIR to the folder that contains it."
            )
        self._folder = folder
        try:
            info = json.loads((self._folder / "dataset_info.json").read_text(encoding="utf-8"))
            counts = {
                split["name"]: sum(int(length) for length in split["shardLengths"])
                for split in info["splits"]
            }
            self._counts = {split: counts[split] for split in self._layout.fractions}
            labels = (self._folder / "label.labels.txt").read_text(encoding="utf-8")
            self.labels = tuple(labels.split())
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self._unreadable(error) from error

    @property
    def total(self) -> int:
        """Number of examples, according to TFDS."""
        return sum(self._counts.values())

    @property
    def encoded_bytes(self) -> int:
        """Size of the prepared files."""
        return sum(path.stat().st_size for path in self._folder.iterdir() if path.is_file())

    def key(self) -> str:
        """Return a hash of the names, sizes and modification times of the prepared files."""
        files = (path for path in self._folder.iterdir() if path.is_file())
        return files_key(self._folder.parent, files)

    def read(self) -> Iterator[EncodedPhoto]:
        """Yield the examples; only this method imports TensorFlow Datasets.

        Raises:
            ZooError: if it is not installed or the files cannot be read.
        """
        tensorflow, tfds = _import_tfds()
        try:
            builder = tfds.builder_from_directory(str(self._folder))
            for split, fractions in self._layout.fractions.items():
                batches = builder.as_dataset(
                    split=split,
                    batch_size=_READ_AT_ONCE,
                    decoders={"image": tfds.decode.SkipDecoding()},
                )
                for batch in tfds.as_numpy(batches):
                    yield from self._photos(batch, fractions)
        except (tensorflow.errors.OpError, OSError, ValueError, KeyError) as error:
            raise self._unreadable(error) from error

    @property
    def place(self) -> str:
        """The folder of the prepared files."""
        return str(self._folder.resolve())

    @property
    def notes(self) -> tuple[str, ...]:
        """Empty: there are no other files to report on."""
        return ()

    def finalise_splits(self, photos: Sequence[Decoded]) -> dict[str, str]:
        """Return the splits unchanged: duplicates stay apart, since recorded figures depend on it.

        Raises:
            ZooError: if a split is empty.
        """
        split_of = {photo.name: photo.split for photo in photos}
        for split in SPLITS:
            if split not in split_of.values():
                raise ZooError(
                    f"None of the {len(photos)} readable photos in {self._folder} is in the split "
                    f"{split}; prepare the whole data set."
                )
        return split_of

    def _photos(
        self, batch: Mapping[str, Any], fractions: tuple[float, float]
    ) -> Iterator[EncodedPhoto]:
        names = batch[self._layout.identity]
        for name, label, encoded in zip(names, batch["label"], batch["image"], strict=True):
            # On Windows, names have backslashes; the split must not depend on them.
            identity = name.decode(errors="surrogateescape").replace("\\", "/")
            yield EncodedPhoto(identity, int(label), split_by_name(identity, *fractions), encoded)

    def _unreadable(self, error: Exception) -> ZooError:
        return ZooError(
            f"{self.name} in {self._folder} cannot be read ({_reason(error)}); delete that folder "
            f"and run `zoo data prepare {self.name} --data-dir {self._folder.parents[1]}`."
        )


def tfds_folder(data_dir: str | Path | None) -> Path:
    """Return the folder in which TFDS stores data sets."""
    chosen = data_dir or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
    return Path(chosen).expanduser()


def prepared_folder(name: str, parent: Path) -> Path | None:
    """Return the folder of the newest prepared version, or None if there is none.

    Raises:
        OSError: if a folder cannot be read.
    """
    # Path.glob would silently skip folders without read permission.
    held = parent / name
    versions = [
        folder
        for folder in (held.iterdir() if held.is_dir() else ())
        if _VERSION.fullmatch(folder.name) and (folder / "dataset_info.json").is_file()
    ]
    return max(
        versions,
        key=lambda folder: tuple(int(number) for number in folder.name.split(".")),
        default=None,
    )


def prepare(name: str, data_dir: str | Path | None) -> Path:
    """Download and prepare a data set with TFDS unless it exists, and return its folder.

    Raises:
        ZooError: if the download or the preparation fails.
    """
    parent = tfds_folder(data_dir)
    try:
        folder = prepared_folder(name, parent)
        usable = parent.is_dir() or not parent.exists()
    except OSError as error:
        raise _cannot_read(parent, error) from error
    if folder is not None:
        return folder
    if not usable:
        raise ZooError(
            f"{printable(parent)} is not a folder, so {name} cannot be stored there; "
            "give a folder by --data-dir or TFDS_DATA_DIR."
        )
    _require_no_deeper(name, parent)
    _, tfds = _import_tfds()
    if not _holds_download(name, parent):
        _require_answer(name, LAYOUTS[name].server)
    try:
        # TFDS prints progress to standard output, which is for the command's result.
        with contextlib.redirect_stdout(sys.stderr):
            builder = tfds.builder(name, data_dir=str(parent))
            builder.download_and_prepare()
    # Exceptions of TFDS's downloaders and file systems are of many types.
    except Exception as error:
        raise ZooError(
            f"{name} could not be prepared in {printable(parent)} ({_reason(error)}); its server "
            f"is sometimes unavailable, so {_ALTERNATIVES}."
        ) from error
    return Path(builder.data_dir)


def _require_no_deeper(name: str, parent: Path) -> None:
    """Raise an error if the folder given is that of the data set itself, or of one version."""
    parent = parent.absolute()
    for given, right in ((parent, parent.parent), (parent.parent, parent.parent.parent)):
        if given.name == name and prepared_folder(name, right):
            raise ZooError(
                f"{printable(parent)} is a folder inside the TFDS data folder; "
                f"give {printable(right)}, which contains {name}."
            )


def _holds_download(name: str, parent: Path) -> bool:
    """Return whether a complete earlier download exists, which TFDS would reuse."""
    files = (parent / "downloads" / name).glob("*")
    return any(path.is_file() and ".tmp." not in path.name for path in files)


def _require_answer(name: str, server: str) -> None:
    """Raise an error unless a server answers, whatever its status.

    TFDS itself would retry ten times, for minutes.
    """
    import requests

    failed: list[Exception] = []

    def send_request():
        try:
            # With the library that TFDS uses, which takes proxies from the environment.
            requests.head(server, timeout=_ANSWER_SECONDS)
        except requests.RequestException as error:
            failed.append(error)

    # The timeout of requests does not cover the DNS lookup.
    thread = threading.Thread(target=send_request, daemon=True)
    thread.start()
    thread.join(_ANSWER_SECONDS)
    if thread.is_alive() or failed:
        why = type(failed[0]).__name__ if failed else f"for {_ANSWER_SECONDS} s"
        raise ZooError(
            f"{name} cannot be downloaded, since {server} does not answer ({why}); check the "
            f"network and whether it needs HTTPS_PROXY, or {_ALTERNATIVES}."
        )


def _cannot_read(parent: Path, error: OSError) -> ZooError:
    return ZooError(
        f"{printable(error.filename or parent)} cannot be read ({error.strerror}); give a folder "
        "that you have permission to read, by --data-dir or TFDS_DATA_DIR."
    )


def _import_tfds():
    try:
        import tensorflow
        import tensorflow_datasets
    except ImportError as error:
        raise ZooError(
            f"Reading a TFDS data set needs {error.name}; "
            "install it with `pip install 'lecture-zoo[train]'`."
        ) from error
    return tensorflow, tensorflow_datasets


def _option(data_dir: str | Path | None) -> str:
    return f" --data-dir {data_dir}" if data_dir else ""


def _reason(error: Exception) -> str:
    # TensorFlow adds the names of graph nodes and operations to its messages.
    text = re.sub(r"\{\{.*?\}\} *| *\[Op:.*?\].*", "", str(error)).strip()
    if not text:
        return type(error).__name__
    line = printable(text.splitlines()[0])
    return line if len(line) <= _REASON else f"{line[:_REASON].rpartition(' ')[0]} …"

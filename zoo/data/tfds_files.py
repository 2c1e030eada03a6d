"""Data sets of TensorFlow Datasets (TFDS): where prepared ones lie, and how to prepare one."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from zoo.errors import ZooError
from zoo.utils.choices import UnknownNameError, require_choice
from zoo.utils.text import printable

READ_AT_ONCE = 256
_ANSWER_SECONDS = 10
_REASON = 200
_ALTERNATIVES = (
    "try again later, copy a prepared folder from another machine and give it as --data-dir, or "
    "use the data set 'photos' with a folder of your own"
)
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_NAME = re.compile(
    r"(?P<name>[A-Za-z]\w*)(/(?P<config>\w[\w.+=@-]*))??([:/](?P<version>\d+\.\d+\.\d+))?",
    re.ASCII,
)


@dataclass(frozen=True)
class Reference:
    """What names a TFDS data set.

    Args:
        name: as TFDS lists it.
        config: one of its configurations; None if it has none or only one is prepared.
        version: three numbers with dots between; None for the newest that is prepared.
        server: from which TFDS downloads it; None to ask TFDS.
        given: as the user wrote it.
    """

    name: str
    config: str | None = None
    version: str | None = None
    server: str | None = None
    given: str = ""

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Return what NAME, NAME/CONFIG, NAME:VERSION or NAME/CONFIG:VERSION names.

        Raises:
            ZooError: for any other text.

        >>> Reference.parse("tfds:glue/cola:2.0.0").config
        'cola'
        """
        match = _NAME.fullmatch(text.removeprefix("tfds:"))
        if match is None:
            raise ZooError(
                f"'{printable(text)}' does not name a TFDS data set; write tfds:NAME, "
                "tfds:NAME/CONFIG or tfds:NAME/CONFIG:VERSION, such as tfds:mnist:3.0.1."
            )
        return cls(match["name"], match["config"], match["version"], given=text)

    def __str__(self) -> str:
        return self.given or self.name

    @property
    def of_tfds(self) -> str:
        """The name as TFDS takes it."""
        config = f"/{self.config}" if self.config else ""
        version = f":{self.version}" if self.version else ""
        return f"{self.name}{config}{version}"


def tfds_folder(data_dir: str | Path | None) -> Path:
    """Return the folder in which TFDS stores data sets."""
    chosen = data_dir or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
    return Path(chosen).expanduser()


def find_prepared(reference: Reference, data_dir: str | Path | None) -> Path:
    """Return the folder of a prepared data set.

    Args:
        reference: of the data set.
        data_dir: the folder in which TFDS stores data sets; by default TFDS_DATA_DIR, else
            ~/tensorflow_datasets.

    Raises:
        ZooError: if it is not there, several configurations are, or the folder cannot be read.
    """
    parent = tfds_folder(data_dir)
    try:
        folder = prepared_folder(reference, parent)
        there = parent.is_dir()
    except OSError as error:
        raise cannot_read(parent, error) from error
    if folder is not None:
        return folder
    _require_no_deeper(reference, parent)
    if reference.version and (other := prepared_folder(replace(reference, version=None), parent)):
        raise ZooError(
            f"{reference} is not in {parent}, which has the version {other.name}; name that one, "
            f"or run `zoo data prepare {reference}`."
        )
    problem = (
        f"{reference} is not in {parent}"
        if there
        else f"There is no folder {parent} to read {reference} from"
    )
    option = f" --data-dir {data_dir}" if data_dir else ""
    raise ZooError(
        f"{problem}; run `zoo data prepare {reference}{option}`, "
        "or set TFDS_DATA_DIR to the folder that contains it."
    )


def prepared_folder(reference: Reference, parent: Path) -> Path | None:
    """Return the folder of the newest prepared version, or None if there is none.

    Raises:
        OSError: if a folder cannot be read.
        ZooError: if no configuration is named and several are prepared.
    """
    held = parent / reference.name
    if reference.config:
        return _newest(held / reference.config, reference.version)
    folder = _newest(held, reference.version)
    if folder is not None or not held.is_dir():
        return folder
    found = {
        inside.name: newest
        for inside in sorted(held.iterdir())
        if inside.is_dir() and (newest := _newest(inside, reference.version))
    }
    if len(found) > 1:
        raise ZooError(
            f"{reference} is prepared in {len(found)} configurations, {', '.join(found)}; name "
            f"one, such as tfds:{reference.name}/{next(iter(found))}."
        )
    return next(iter(found.values()), None)


def _newest(held: Path, version: str | None) -> Path | None:
    # Path.glob would silently skip folders without read permission.
    versions = [
        folder
        for folder in (held.iterdir() if held.is_dir() else ())
        if _VERSION.fullmatch(folder.name)
        and version in (None, folder.name)
        and (folder / "dataset_info.json").is_file()
    ]
    return max(
        versions,
        key=lambda folder: tuple(int(number) for number in folder.name.split(".")),
        default=None,
    )


def prepared_files(folder: Path) -> list[Path]:
    """Return the files of a prepared version."""
    return [path for path in folder.iterdir() if path.is_file()]


def prepare(reference: Reference, data_dir: str | Path | None) -> Path:
    """Download and prepare a data set with TFDS unless it exists, and return its folder.

    Raises:
        UnknownNameError: if TFDS has no such data set or configuration.
        ZooError: if the download or the preparation fails, or it has several configurations and
            none is named.
    """
    parent = tfds_folder(data_dir)
    try:
        folder = prepared_folder(reference, parent)
        usable = parent.is_dir() or not parent.exists()
    except OSError as error:
        raise cannot_read(parent, error) from error
    if folder is not None:
        return folder
    if not usable:
        raise ZooError(
            f"{printable(parent)} is not a folder, so {reference} cannot be stored there; "
            "give a folder by --data-dir or TFDS_DATA_DIR."
        )
    _require_no_deeper(reference, parent)
    _, tfds = import_tfds()
    server = reference.server or _server(tfds, reference)
    if server and not _holds_download(reference.name, parent):
        _require_answer(reference, server)
    try:
        # TFDS prints progress to standard output, which is for the command's result.
        with contextlib.redirect_stdout(sys.stderr):
            builder = tfds.builder(reference.of_tfds, data_dir=str(parent))
            builder.download_and_prepare()
    # Exceptions of TFDS's downloaders and file systems are of many types.
    except Exception as error:
        raise ZooError(
            f"{reference} could not be prepared in {printable(parent)} ({reason(error)}); its "
            f"server is sometimes unavailable, so {_ALTERNATIVES}."
        ) from error
    return Path(builder.data_dir)


def _server(tfds: Any, reference: Reference) -> str | None:
    """Return the server of a data set's first file, or None if TFDS does not know it.

    Raises:
        UnknownNameError: if TFDS has no such data set or configuration.
        ZooError: if a configuration must be named, or the files must be downloaded by hand.
    """
    try:
        builder = tfds.builder_cls(reference.name)
    except (tfds.core.DatasetNotFoundError, ImportError) as error:
        if isinstance(error, ImportError):
            raise ZooError(
                f"{reference} cannot be prepared ({reason(error)}); install what it needs."
            ) from error
        names = tfds.list_builders(with_community_datasets=False)
        raise _unknown(reference.name, names) from error
    configs = list(builder.builder_configs)
    if reference.config:
        require_choice(f"configuration of tfds:{reference.name}", reference.config, configs)
    elif len(configs) > 1:
        raise ZooError(
            f"tfds:{reference.name} has {len(configs)} configurations, {_some(configs)}; name one, "
            f"such as tfds:{reference.name}/{configs[0]}."
        )
    if reference.version:
        config = builder.builder_configs.get(reference.config or next(iter(configs), None))
        versions = [
            getattr(config, "version", None) or builder.VERSION,
            *(getattr(config, "supported_versions", None) or builder.SUPPORTED_VERSIONS),
        ]
        known = [str(version) for version in versions]
        require_choice("version", reference.version, known, of=f"tfds:{reference.name}")
    if builder.MANUAL_DOWNLOAD_INSTRUCTIONS:
        text = " ".join(builder.MANUAL_DOWNLOAD_INSTRUCTIONS.split())
        raise ZooError(
            f"{reference} must be downloaded by hand and prepared with tfds: {printable(text)}"
        )
    addresses = [urlsplit(url) for url in builder.url_infos or ()]
    servers = [f"{at.scheme}://{at.netloc}" for at in addresses if at.scheme.startswith("http")]
    return next(iter(servers), None)


def _unknown(name: str, names: list[str]) -> UnknownNameError:
    import difflib

    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    hint = (
        f"did you mean {' or '.join(f'tfds:{found}' for found in near)}?"
        if near
        else "https://www.tensorflow.org/datasets/catalog lists all."
    )
    return UnknownNameError(f"TFDS has no data set {name!r}; {hint}")


def _some(names: list[str], most: int = 12) -> str:
    return ", ".join(names[:most]) + (" …" if len(names) > most else "")


def _require_no_deeper(reference: Reference, parent: Path) -> None:
    """Raise an error if the folder given is inside that of the data set."""
    parent = parent.absolute()
    for given in (parent, *parent.parents[:2]):
        if given.name == reference.name and prepared_folder(reference, given.parent):
            raise ZooError(
                f"{printable(parent)} is a folder inside the TFDS data folder; "
                f"give {printable(given.parent)}, which contains {reference}."
            )


def _holds_download(name: str, parent: Path) -> bool:
    """Return whether a complete earlier download exists, which TFDS would reuse."""
    files = (parent / "downloads" / name).glob("*")
    return any(path.is_file() and ".tmp." not in path.name for path in files)


def _require_answer(reference: Reference, server: str) -> None:
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
            f"{reference} cannot be downloaded, since {server} does not answer ({why}); check the "
            f"network and whether it needs HTTPS_PROXY, or {_ALTERNATIVES}."
        )


def cannot_read(parent: Path, error: OSError) -> ZooError:
    """Return the error for a folder that cannot be read."""
    return ZooError(
        f"{printable(error.filename or parent)} cannot be read ({error.strerror}); give a folder "
        "that you have permission to read, by --data-dir or TFDS_DATA_DIR."
    )


def unreadable(reference: Reference, folder: Path, error: Exception) -> ZooError:
    """Return the error for prepared files that cannot be read."""
    # NAME/VERSION or NAME/CONFIG/VERSION inside the folder of all data sets.
    parent = folder.parents[1 if folder.parent.name == reference.name else 2]
    return ZooError(
        f"{reference} in {folder} cannot be read ({reason(error)}); delete that folder "
        f"and run `zoo data prepare {reference} --data-dir {parent}`."
    )


def import_tfds() -> tuple[Any, Any]:
    """Return TensorFlow and TensorFlow Datasets.

    Raises:
        ZooError: if one is not installed.
    """
    try:
        import tensorflow
        import tensorflow_datasets
    except ImportError as error:
        raise ZooError(
            f"Reading a TFDS data set needs {error.name}; "
            "install it with `pip install 'lecture-zoo[train]'`."
        ) from error
    return tensorflow, tensorflow_datasets


def reason(error: Exception) -> str:
    """Return the first line of an error, without TensorFlow's names of graph nodes."""
    text = re.sub(r"\{\{.*?\}\} *| *\[Op:.*?\].*", "", str(error)).strip()
    if not text:
        return type(error).__name__
    line = printable(text.splitlines()[0])
    return line if len(line) <= _REASON else f"{line[:_REASON].rpartition(' ')[0]} …"

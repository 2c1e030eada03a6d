"""What many tests use: real data, a browser, and the command line without a process of its own."""

import contextlib
import io
import os
import subprocess
from pathlib import Path
from unittest import mock

import pytest
from benchmarks.live_page import CHROMIUM, chromium
from network.namespaces import network
from network.ssh import missing_for_ssh, ssh_servers
from PIL import Image

from zoo import cli, edge
from zoo.cli.output import console

# Before anything imports TensorFlow, which reads it then and never again.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

if "HEIF" in edge.PHOTO_FORMATS:
    # Tests write photos of every format that is read.
    import pillow_heif

    pillow_heif.register_heif_opener()

# A package of its own, which a test installs: to import it here would register its models.
collect_ignore = ["plugin_package"]

_SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def _absent(sentence: str) -> None:
    """Skip for want of data; fail where the data is known to be there."""
    (pytest.fail if os.environ.get("ZOO_DATA_REQUIRED") else pytest.skip)(sentence)


@pytest.fixture(scope="session")
def photos_dir() -> Path:
    """The folder of cat and dog photos at their original sizes."""
    folder = Path(os.environ.get("ZOO_PHOTOS") or _SHARED / "photos")
    if not (folder / "cat").is_dir() or not (folder / "dog").is_dir():
        _absent(f"no photos in {folder}: export ZOO_PHOTOS=FOLDER that holds cat/ and dog/")
    return folder


@pytest.fixture(scope="session")
def small_photos(photos_dir, tmp_path_factory) -> Path:
    """The folder of the same photos, 24 × 24 pixels: a training scales them all at once."""
    folder = tmp_path_factory.mktemp("small_photos")
    for path in sorted(photos_dir.rglob("*.jpg")):
        (folder / path.parent.name).mkdir(exist_ok=True)
        with Image.open(path) as photo:
            photo.convert("RGB").resize((24, 24)).save(
                folder / path.parent.name / f"{path.stem}.png"
            )
    return folder


@pytest.fixture(scope="session")
def cases_dir() -> Path:
    """The folder of small pictures that once were answered wrongly."""
    folder = Path(os.environ.get("ZOO_CASES") or _SHARED.parent / "cases")
    if not (folder / "truncated.jpg").is_file():
        _absent(f"no pictures in {folder}: export ZOO_CASES=FOLDER")
    return folder


@pytest.fixture(scope="session")
def tfds_dir() -> Path:
    """The folder of prepared TFDS data sets."""
    folder = Path(os.environ.get("TFDS_DATA_DIR") or _SHARED / "tfds")
    for name in ("cifar10", "cats_vs_dogs"):
        if not (folder / name).is_dir():
            _absent(f"no {name} in {folder}: zoo data prepare {name} --data-dir {folder}")
    return folder


@pytest.fixture(scope="module")
def browser():
    """A Chromium without a window."""
    if CHROMIUM is None:
        pytest.skip("no Chromium: apt-get install chromium")
    with chromium() as launched:
        yield launched


@pytest.fixture(scope="module")
def ssh_hosts():
    """A function that makes so many hosts: network namespaces, a switch, ssh servers."""
    if reason := missing_for_ssh():
        pytest.skip(reason)
    with contextlib.ExitStack() as made:
        yield lambda count: made.enter_context(ssh_servers(made.enter_context(network(count))))


@pytest.fixture(scope="module")
def four_hosts(ssh_hosts):
    """Four hosts a, b, c, d with ssh servers."""
    return ssh_hosts(4)


@pytest.fixture(scope="session")
def run_zoo():
    """A function that runs `zoo WORDS` in this process, which imports TensorFlow only once.

    It takes the folder to run in, `cwd`, and variables of the environment as keywords, and
    returns what `subprocess.run` does.
    """

    def run(*words, cwd=".", **environment):
        words = ["zoo", *map(str, words)]
        out, err = io.StringIO(), io.StringIO()
        # The console reads its width when it is made.
        console.cache_clear()
        with (
            mock.patch("sys.argv", words),
            mock.patch.dict(os.environ, {"COLUMNS": "300", **environment}),
            contextlib.chdir(cwd),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as ended,
        ):
            cli.main()
        console.cache_clear()
        return subprocess.CompletedProcess(words, ended.value.code, out.getvalue(), err.getvalue())

    return run


@pytest.fixture(scope="session")
def own_tfds(tmp_path_factory):
    """A folder of small data sets that TensorFlow Datasets has prepared, see own_tfds.py."""
    from own_tfds import store_all

    return store_all(tmp_path_factory.mktemp("tfds"))

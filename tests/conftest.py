"""The real data and the browser that tests use; without them they are skipped."""

import os
from pathlib import Path

import pytest
from benchmarks.live_page import CHROMIUM, chromium

# Before anything imports TensorFlow, which reads it then and never again.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# A package of its own, which a test installs: to import it here would register its models.
collect_ignore = ["plugin_package"]

_SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def _absent(told: str) -> None:
    """Skip for want of data; fail where the data is known to be there."""
    (pytest.fail if os.environ.get("ZOO_DATA_REQUIRED") else pytest.skip)(told)


@pytest.fixture(scope="session")
def photos_dir() -> Path:
    """The folder of cat and dog photos at their original sizes."""
    folder = Path(os.environ.get("ZOO_PHOTOS") or _SHARED / "photos")
    if not (folder / "cat").is_dir() or not (folder / "dog").is_dir():
        _absent(f"no photos in {folder}: export ZOO_PHOTOS=FOLDER that holds cat/ and dog/")
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

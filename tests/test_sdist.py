"""The source distribution holds what its tests import, read and check."""

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# What a checkout has beyond what is distributed: its own automation.
CHECKOUT_ONLY = (".git", ".ci")


def tracked():
    """Return the files of the checkout, or None in an unpacked source distribution."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode or not (ROOT / ".git").exists():
        return None
    return [name for name in done.stdout.split("\0") if name and not name.startswith(CHECKOUT_ONLY)]


@pytest.mark.slow
def test_the_source_distribution_is_whole_and_its_tests_can_be_collected(tmp_path):
    names = tracked()
    if names is None:
        pytest.skip("not a git checkout")
    build = [sys.executable, "-m", "build", "--sdist", "--outdir", tmp_path, ROOT]
    subprocess.run(build, check=True, capture_output=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    folder = tmp_path / archive.name.removesuffix(".tar.gz")
    missing = [name for name in names if not (folder / name).is_file() and (ROOT / name).is_file()]
    assert missing == []
    collect = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(collect, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "error" not in done.stdout.splitlines()[-1]
    files = ("tests/test_metadata.py", "tests/bundles/test_weights.py", "tests/test_tables.py")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]

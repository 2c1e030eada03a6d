"""Disks that are full, folders that cannot be written: one sentence, and nothing lost."""

import contextlib
import os
import subprocess
import sys

import pytest

import zoo
from zoo.errors import PREEMPTED


@pytest.fixture
def small_disk(tmp_path):
    """Return a function that mounts a file system of so many KiB, or none if not allowed to."""
    with contextlib.ExitStack() as mounted:

        def mount(kibibytes, options="rw"):
            folder = tmp_path / "disk"
            folder.mkdir(exist_ok=True)
            size = f"size={kibibytes}k,{options}"
            words = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", folder]
            done = subprocess.run(words, capture_output=True, text=True)
            if done.returncode:
                pytest.skip(f"mounting a small disk needs root: {done.stderr.strip()}")
            mounted.callback(subprocess.run, ["umount", folder], check=True)
            return folder

        yield mount


@pytest.fixture
def train(run_zoo):
    """Return a function that trains into a folder, in this process."""
    return lambda folder: run_zoo("train", "xor_mlp", "--run-dir", folder)


def sentence_of(done):
    assert done.returncode == 2
    (line,) = [line for line in done.stderr.splitlines() if line]
    assert line.startswith("error: ")
    return line


def test_a_full_disk_loses_nothing(small_disk, train, tmp_path):
    disk = small_disk(60)
    message = sentence_of(train(disk / "run"))
    assert "No space left on device" in message
    assert "free some space" in message
    assert list((disk / "run" / "checkpoints").glob("step-*.npz"))
    assert not list((disk / "run").rglob(".*.npz"))
    assert not (disk / "run" / "results.json").exists()
    grown = ["mount", "-o", "remount,size=2m", disk]
    subprocess.run(grown, check=True)
    done = train(disk / "run")
    assert "Resuming after epoch" in done.stdout
    assert done.returncode == 0
    train(tmp_path / "whole")
    resumed, whole = zoo.load_model(disk / "run"), zoo.load_model(tmp_path / "whole")
    for one, other in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        assert one.tobytes() == other.tobytes()


def test_a_folder_that_cannot_be_written_is_refused(small_disk, train):
    disk = small_disk(1000)
    (disk / "run").mkdir()
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    assert "cannot be written (Read-only file system)" in sentence_of(train(disk / "run"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_of_somebody_else_is_refused(train, tmp_path):
    (tmp_path / "run").mkdir(mode=0o500)
    assert "cannot be written (Permission denied)" in sentence_of(train(tmp_path / "run"))


def test_a_file_in_the_folder_s_place_is_refused(train, tmp_path):
    (tmp_path / "run").write_text("a file")
    assert "cannot be written" in sentence_of(train(tmp_path / "run"))


def test_a_second_training_in_one_folder_is_refused(train, tmp_path):
    words = ["train", "xor_mlp", "--run-dir", tmp_path / "run", "--epochs", "100000"]
    first = [sys.executable, "-m", "zoo", *words]
    with subprocess.Popen(first, stdout=subprocess.PIPE, text=True) as training:
        for line in training.stdout:
            if line.startswith("epoch"):
                break
        assert "Another training is writing" in sentence_of(train(tmp_path / "run"))
        assert training.poll() is None
        training.terminate()
        training.communicate()
    assert training.returncode == PREEMPTED

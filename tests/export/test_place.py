"""A bundle's folder is replaced whole or not at all, whatever ends the program."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from zoo import ZooError
from zoo.export.place import replacing_folder


def write(target, text):
    with replacing_folder(target) as draft:
        (draft / "file").write_text(text)


def left_beside(target):
    return sorted(path.name for path in target.parent.iterdir())


def test_a_folder_is_replaced_and_nothing_is_left_beside_it(tmp_path):
    target = tmp_path / "bundle"
    for text in ("old", "new"):
        write(target, text)
        assert (target / "file").read_text() == text
    assert left_beside(target) == ["bundle"]


def test_an_exception_leaves_the_old_folder(tmp_path):
    target = tmp_path / "bundle"
    write(target, "old")
    with pytest.raises(RuntimeError), replacing_folder(target):
        raise RuntimeError
    assert (target / "file").read_text() == "old"
    assert left_beside(target) == ["bundle"]


def test_the_old_folder_comes_back_when_the_new_one_cannot_take_its_place(tmp_path):
    target = tmp_path / "bundle"
    write(target, "old")

    def lose_the_draft():
        with replacing_folder(target) as draft:
            # The old one steps aside, and then there is nothing to rename to its place.
            draft.rename(tmp_path / "elsewhere")

    with pytest.raises(ZooError, match="cannot be written"):
        lose_the_draft()
    assert (target / "file").read_text() == "old"
    assert left_beside(target) == ["bundle", "elsewhere"]


PROGRAM = """
import os, signal, sys
from pathlib import Path
from zoo.export.place import replacing_folder
with replacing_folder(Path(sys.argv[1])) as draft:
    (draft / "file").write_text("new")
    os.kill(os.getpid(), int(sys.argv[2]))
    signal.pause()
"""


def killed_by(number, target):
    words = [sys.executable, "-c", PROGRAM, target, str(int(number))]
    return subprocess.run(words, timeout=120).returncode


def test_sigterm_ends_the_block_and_clears_away(tmp_path):
    target = tmp_path / "bundle"
    write(target, "old")
    assert killed_by(signal.SIGTERM, target) == 128 + signal.SIGTERM
    assert (target / "file").read_text() == "old"
    assert left_beside(target) == ["bundle"]


def test_what_a_killed_program_left_is_cleared_away_by_the_next(tmp_path):
    target = tmp_path / "bundle"
    write(target, "old")
    assert killed_by(signal.SIGKILL, target) == -signal.SIGKILL
    (draft,) = tmp_path.glob(".draft-*")
    # As if it had been killed between the two renames.
    aside = Path(str(draft).replace(".draft-", ".old-"))
    aside.mkdir()
    target.rename(aside / "bundle")
    with pytest.raises(RuntimeError), replacing_folder(target):
        raise RuntimeError
    assert (target / "file").read_text() == "old"
    assert left_beside(target) == ["bundle"]


def test_a_folder_of_a_program_that_runs_is_left_alone(tmp_path):
    with replacing_folder(tmp_path / "one") as draft:
        write(tmp_path / "two", "new")
        assert draft.is_dir()
        assert str(os.getpid()) in draft.name

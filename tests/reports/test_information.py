"""What `zoo info` knows without TensorFlow, and what it calls missing."""

import json
import os
from pathlib import Path

import psutil
import pytest

import zoo
from zoo.reports.information import EXTRAS, VARIABLES, information, missing, packages

REQUIREMENTS = [
    "numpy>=1.26",
    "rich",
    'tensorflow<2.22,>=2.21; extra == "train"',
    "no-such-package>=2; extra == 'train'",
    'another-one>=2; python_version < "3.11" and extra == "train"',
    'no-developer-tool; extra == "dev"',
]


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """A user's account that has neither data nor a cache."""
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ZOO_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path


def test_it_is_json_and_says_where_things_are(empty):
    known = json.loads(json.dumps(information()))
    assert known["versions"]["zoo"] == zoo.__version__
    assert known["folders"]["data"] == str(empty / "data")
    assert known["folders"]["cache"] == str(empty / "cache")
    assert Path(known["folders"]["package"]) == Path(zoo.__file__).parent
    assert known["memory"]["total"] == psutil.virtual_memory().total
    assert 0 < known["memory"]["available"] <= known["memory"]["total"]
    assert known["cache_bytes"] == 0
    assert known["cache_writable"]
    assert known["datasets"] == {"cats_vs_dogs": False, "cifar10": False}
    assert known["packages"]["base"]["numpy"]
    # It is asked for a report, not to change anything.
    assert list(empty.iterdir()) == []


def test_the_code_that_lets_others_in_is_not_in_a_report(monkeypatch):
    monkeypatch.setenv("ZOO_SERVE_CODE", "secret-word")
    monkeypatch.setenv("TF_CONFIG", "{}")
    known = information()
    assert known["variables"]["TF_CONFIG"] == "{}"
    assert "secret-word" not in json.dumps(known)
    assert "ZOO_SERVE_CODE" not in VARIABLES


def test_packages_are_listed_by_the_extra_that_installs_them():
    found = packages(REQUIREMENTS)
    assert set(found) == {"base", "train"}
    assert set(found["base"]) == {"numpy", "rich"}
    assert found["base"]["numpy"]
    # What only another Python needs is not missing, and developers know what they need.
    assert found["train"]["no-such-package"] is None
    assert "another-one" not in found["train"]


def test_what_is_missing_is_named_with_the_command_that_gets_it(empty):
    known = information()
    known["packages"] = packages(REQUIREMENTS)
    known["cache_writable"] = False
    sentences = missing(known)
    assert sentences[0] == (
        "To train, export and plot, no-such-package is missing; run: "
        'pip install "lecture-zoo[train]".'
    )
    assert any("run: zoo data prepare cifar10" in sentence for sentence in sentences)
    assert any("set ZOO_CACHE_DIR" in sentence for sentence in sentences)
    assert len(sentences) == 4


def test_nothing_is_missing_where_all_is_there(tfds_dir, tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tfds_dir))
    monkeypatch.setenv("ZOO_CACHE_DIR", str(tmp_path))
    known = information()
    known["packages"] = packages(["numpy"])
    assert missing(known) == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes anywhere")
def test_a_cache_that_cannot_be_written_is_reported(empty, monkeypatch):
    (empty / "locked").mkdir(mode=0o500)
    monkeypatch.setenv("ZOO_CACHE_DIR", str(empty / "locked" / "cache"))
    assert not information()["cache_writable"]


def test_a_file_in_the_place_of_the_cache_is_reported(empty, monkeypatch):
    (empty / "file").write_bytes(b"")
    monkeypatch.setenv("ZOO_CACHE_DIR", str(empty / "file"))
    assert not information()["cache_writable"]


def test_extras_are_those_of_the_distribution():
    lines = (Path(__file__).resolve().parents[2] / "setup.cfg").read_text(encoding="utf-8")
    known = {line[:-2] for line in lines.splitlines() if line.endswith(" =")}
    # "hub" is declared together with what it installs.
    assert set(EXTRAS) - {"hub"} <= known

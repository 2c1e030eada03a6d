"""What strangers read first says the same everywhere: version, licence, commands of the checks."""

import configparser
import re
from pathlib import Path

import pytest
import yaml

import zoo

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def config():
    found = configparser.ConfigParser()
    found.read(ROOT / "setup.cfg", encoding="utf-8")
    return found


@pytest.fixture(scope="module")
def citation():
    return yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))


def test_there_is_one_version(config, citation):
    assert config["metadata"]["version"] == citation["version"] == zoo.__version__
    changes = (ROOT / "docs" / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search("^## ([0-9.]+)", changes, re.MULTILINE)[1] == zoo.__version__


def test_there_is_one_author_and_one_licence(config, citation):
    author, licence = config["metadata"]["author"], config["metadata"]["license"]
    assert citation["authors"] == [{"name": author}]
    assert citation["license"] == licence
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.startswith(f"{licence} License")
    assert author in text


def test_the_citation_has_what_its_format_requires(citation):
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors", "type"} < set(citation)
    for reference in citation["references"]:
        assert {"type", "title", "authors"} <= set(reference)


def test_every_python_that_is_admitted_is_a_classifier(config):
    lines = config["metadata"]["classifiers"].splitlines()
    minors = [int(found[1]) for line in lines if (found := re.search(r":: 3\.(\d+)$", line))]
    oldest = int(re.fullmatch(r">=3\.(\d+)", config["options"]["python_requires"])[1])
    assert minors == list(range(oldest, oldest + len(minors)))


def test_contributing_names_the_checks_that_ci_runs():
    script = ROOT / ".ci" / "run"
    if not script.is_file():
        pytest.skip("not a checkout")
    guide = (ROOT / "docs" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = guide.partition("## What a change must pass")[2]
    commands = re.search("```\n(.*?)```", section, re.DOTALL)[1].splitlines()
    ran = script.read_text(encoding="utf-8")
    assert len(commands) == 5
    assert [command for command in commands if command not in ran] == []


def test_what_contributing_names_is_there():
    guide = (ROOT / "docs" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    paths = set(re.findall(r"(?:zoo|tools|tests|docs)/[\w/]+\.py", guide))
    paths.remove("zoo/models/my_model.py")
    assert len(paths) >= 5
    assert [path for path in sorted(paths) if not (ROOT / path).is_file()] == []

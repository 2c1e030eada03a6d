"""The three ways that the first page of the site shows, as they are typed there."""

import os
import re
import shutil
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "index.md"
WAYS = ["To teach", "To use the models in Keras", "To run a model on a board"]


def blocks(way):
    """Return the commands of a way, and its programs in Python."""
    (section,) = re.findall(rf"^## {way}\n(.*?)(?=^## |\Z)", PAGE.read_text("utf-8"), re.M | re.S)
    commands = re.findall(r"^```\n(.*?)^```$", section, re.M | re.S)
    programs = re.findall(r"^```python\n(.*?)^```$", section, re.M | re.S)
    return "".join(commands).splitlines(), programs


@pytest.fixture
def checkout(tmp_path):
    """A copy of what installs the package, and a photo beside it."""
    for name in ("setup.cfg", "pyproject.toml", "LICENSE", "README.md", "MANIFEST.in"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("zoo", "saved_models"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    Image.effect_mandelbrot((320, 240), (-2, -1.2, 1, 1.2), 60).convert("RGB").save(
        tmp_path / "photo.jpg"
    )
    return tmp_path


def start(script, folder, **options):
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    # The environment is the one that the commands make.
    for name in ("PYTHONPATH", "VIRTUAL_ENV"):
        environment.pop(name, None)
    return subprocess.Popen(
        ["bash", "-e", "-c", script],
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        **options,
    )


def run(script, folder):
    with start(script, folder) as process:
        output, _ = process.communicate()
    assert process.returncode == 0, output[-3000:]
    return output


@pytest.mark.parametrize("way", WAYS)
def test_at_most_five_commands(way):
    commands, _ = blocks(way)
    assert 3 <= len(commands) <= 5
    assert not any("&&" in command or ";" in command for command in commands)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_board_s_way(checkout):
    commands, _ = blocks(WAYS[2])
    output = run("\n".join(commands), checkout)
    answers = re.findall(r"^photo\.jpg: (cat|dog)\b.*", output, re.MULTILINE)
    assert len(answers) == 2
    assert len(set(answers)) == 1
    (site,) = (checkout / ".venv").glob("lib/python3*/site-packages")
    assert not (site / "tensorflow").exists()


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_way_to_keras(checkout):
    commands, (program,) = blocks(WAYS[1])
    (checkout / "program.py").write_text(f"{program}\nassert accuracy > 0.9\n", encoding="utf-8")
    run("\n".join([*commands, "python program.py"]), checkout)
    assert (checkout / "runs" / "mark_one" / "bundle" / "manifest.json").is_file()


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_teacher_s_way(checkout):
    commands, _ = blocks(WAYS[0])
    with start("\n".join(commands), checkout) as process:
        output = ""
        try:
            while "The page is at" not in output and (line := process.stdout.readline()):
                output += line
            address = re.search(r"http://127\.0\.0\.1:\d+/", output)
            assert address, output[-3000:]
            assert re.search(r"with the code \w{4}-\w{4}", output)
            with urllib.request.urlopen(address[0], timeout=60) as page:
                assert "<title>The lecture zoo</title>" in page.read().decode()
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            stopped = time.monotonic() + 30
            while process.poll() is None and time.monotonic() < stopped:
                time.sleep(0.1)

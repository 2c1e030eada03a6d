"""docs/lecture.md is run as it stands, in a process and a folder of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import zoo

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "lecture.md"


def test_every_slide_of_a_model_is_listed():
    rows = re.findall(r"^\| (\d+) \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    slides = {slide for name in zoo.list_models() for slide in zoo.describe(name).slides}
    assert slides <= {int(row) for row in rows}


@pytest.mark.slow
def test_every_block_of_the_lecture_holds(tmp_path, tfds_dir):
    # Lines keep their numbers, so that a failure names the line of the document.
    lines, code = [], False
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        fence = line.startswith("```")
        lines.append(line if code and not fence else "")
        code = line == "```python" if fence else code
    assert sum(bool(re.search(r"\bassert", line)) for line in lines) >= 20
    script = tmp_path / "lecture.py"
    script.write_text("\n".join(lines), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "TFDS_DATA_DIR": str(tfds_dir)},
    )
    assert done.returncode == 0, done.stderr[-3000:]

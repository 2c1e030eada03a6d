"""How tests install and run plugins: from outside, in processes of their own."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "tests" / "plugin_package"

# Many commands, one start of TensorFlow.
COMMANDS = """
import contextlib, io, json, sys
from zoo.cli import main
for words in json.loads(sys.stdin.read()):
    sys.argv = ["zoo", *words]
    printed, complained = io.StringIO(), io.StringIO()
    code = 0
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(complained):
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
    print(json.dumps([code, printed.getvalue(), complained.getvalue()]), flush=True)
"""


def install(folder):
    """Install the package of tests/plugin_package below a folder; return where, for PYTHONPATH."""
    # A build leaves files beside its sources.
    source = shutil.copytree(PACKAGE, folder / "source")
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--target")
    words = [sys.executable, "-m", "pip", "install", *options, folder / "site", source]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "site"


def write_file(folder):
    """Write the plugin of docs/plugins.md as a file and return its path."""
    text = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]
    path = folder / "my_curve.py"
    path.write_text(code, encoding="utf-8")
    return path


def environment(site=None, **settings):
    """Return the environment of a process, with a folder of packages on its path."""
    path = [str(site or ""), str(ROOT), os.environ.get("PYTHONPATH", "")]
    kept = {name: value for name, value in os.environ.items() if name != "ZOO_PLUGINS"}
    joined = os.pathsep.join(filter(None, path))
    return {**kept, "COLUMNS": "300", "PYTHONPATH": joined, **settings}


def python(*words, env, **options):
    """Run a Python program and return the finished process."""
    return subprocess.run(
        [sys.executable, *map(str, words)], capture_output=True, text=True, env=env, **options
    )


def commands(lines, env, cwd=None):
    """Run commands, each a list of words, in one process; return [code, stdout, stderr] of each."""
    lines = [list(map(str, words)) for words in lines]
    done = python("-c", COMMANDS, env=env, cwd=cwd, input=json.dumps(lines))
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == len(lines), done.stderr
    return found

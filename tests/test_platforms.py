"""What other systems lack is not needed: tried in processes from which it was taken away."""

import ast
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import zoo

PACKAGE = Path(zoo.__file__).parent
# Modules of Python that are only on POSIX.
POSIX_MODULES = {"crypt", "curses", "fcntl", "grp", "posix", "pty", "pwd", "readline", "resource"}
POSIX_MODULES |= {"spwd", "syslog", "termios", "tty"}
POSIX_NAMES = {
    "os": {
        *("chown", "fchmod", "fchown", "fork", "forkpty", "getegid", "geteuid", "getgid"),
        *("getloadavg", "getpgid", "getpgrp", "getuid", "killpg", "mkfifo", "mknod", "nice"),
        *("openpty", "posix_fadvise", "posix_fallocate", "pread", "preadv", "pwrite"),
        *("sched_getaffinity", "setpgid", "setsid", "statvfs", "sync", "sysconf", "uname", "wait"),
        *("wait3", "wait4"),
    },
    "signal": {
        *("SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGSTOP", "SIGTSTP"),
        *("SIGUSR1", "SIGUSR2", "alarm", "pause", "setitimer", "sigwait"),
    },
    "socket": {"AF_UNIX", "recv_fds", "send_fds"},
    "mmap": {"MADV_DONTNEED"},
}
# Only Linux forks workers, see WorkerSource.
LINUX_ONLY = {"serve/fork_server.py": POSIX_NAMES, "serve/worker_process.py": {"socket"}}

# Taken away before the first import: Python runs a module of this name at its start.
AS_ON_WINDOWS = f"""
import os, signal, sys

class Absent:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name in {sorted(POSIX_MODULES - {"posix"})!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent)
for name in {sorted(POSIX_MODULES - {"posix"})!r}:
    sys.modules.pop(name, None)
# Python's own library uses the others on Linux.
for name in ("fork", "getloadavg", "killpg", "nice", "posix_fadvise", "posix_fallocate", "pread",
             "sched_getaffinity", "setsid"):
    delattr(os, name)
del signal.SIGKILL
"""
AS_ON_MACOS = """
import os

known = os.sysconf

def sysconf(name):
    if name in ("SC_AVPHYS_PAGES", 86):
        raise ValueError("unrecognized configuration name")
    return known(name)

os.sysconf = sysconf
for name in ("posix_fadvise", "posix_fallocate", "sched_getaffinity", "memfd_create"):
    delattr(os, name)
"""
SYSTEMS = {"windows": AS_ON_WINDOWS, "macos": AS_ON_MACOS}
TEXTS = {
    "ASCII locale": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "cp1252 console": {"PYTHONIOENCODING": "cp1252"},
}
COMMANDS = (
    "--help",
    "list",
    "describe xor_mlp",
    "data list",
    "predict xor_mlp 0 1",
    "benchmark xor_mlp --artifact float32 --repeats 10",
)


def run(words, folder, environment, system=None):
    """Return the exit code and output, as bytes, of `python WORDS` on a simulated system."""
    path = [str(PACKAGE.parent)]
    if system is not None:
        (folder / "sitecustomize.py").write_text(SYSTEMS[system], encoding="utf-8")
        path.insert(0, str(folder))
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    clean |= {"PYTHONPATH": os.pathsep.join(path), **environment}
    return subprocess.run([sys.executable, *words], capture_output=True, env=clean, cwd=folder)


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_of_the_base_install_needs_nothing_of_another_system(words, system, tmp_path):
    done = run(["-m", "zoo", *words.split()], tmp_path, {}, system)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("words", COMMANDS)
def test_a_console_of_few_characters_gets_every_answer(words, text, tmp_path):
    done = run(["-m", "zoo", *words.split()], tmp_path, TEXTS[text])
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode("ascii" if text == "ASCII locale" else "cp1252")


@pytest.mark.parametrize("system", SYSTEMS)
def test_what_is_absent_is_truly_absent(system, tmp_path):
    code = {"windows": "import fcntl", "macos": "import os; os.sysconf('SC_AVPHYS_PAGES')"}
    done = run(["-c", code[system]], tmp_path, {}, system)
    assert done.returncode == 1
    assert re.search(rb"No module named 'fcntl'|unrecognized configuration", done.stderr)


HOLDS_A_LOCK = """
import sys
from zoo.training.run_folder import RunFolder
from zoo.errors import ZooError
try:
    with RunFolder(sys.argv[1]).lock():
        print("locked", flush=True)
        sys.stdin.read()
except ZooError as error:
    print(error, flush=True)
"""


@pytest.mark.parametrize("system", [None, "windows"])
def test_a_run_folder_is_locked_until_its_training_ends_however_it_ends(system, tmp_path):
    pytest.importorskip("filelock", reason="it comes with the extra train")
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent), "PYTHONWARNINGS": "ignore"}
    if system is not None:
        (tmp_path / "sitecustomize.py").write_text(SYSTEMS[system], encoding="utf-8")
        environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path), str(PACKAGE.parent)])
    folder = tmp_path / "run"

    def start():
        words = [sys.executable, "-c", HOLDS_A_LOCK, str(folder)]
        pipe = subprocess.PIPE
        started = subprocess.Popen(
            words, stdin=pipe, stdout=pipe, env=environment, encoding="utf-8"
        )
        return started, started.stdout.readline().strip()

    first, answer = start()
    assert answer == "locked"
    second, answer = start()
    assert answer.startswith("Another training is writing to")
    second.communicate()
    first.send_signal(signal.SIGKILL)
    first.communicate()
    third, answer = start()
    assert answer == "locked"
    third.communicate()
    assert third.returncode == 0
    assert list(folder.iterdir()) == []


def missing_elsewhere(source):
    """Return the names in a module that Windows lacks and that no `hasattr` or `getattr` guards."""
    tree = ast.parse(source)
    used, guarded = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            used.add((node.value.id, node.attr))
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("hasattr", "getattr"):
            texts = [leaf.value for leaf in ast.walk(node) if isinstance(leaf, ast.Constant)]
            guarded |= {text for text in texts if isinstance(text, str)}
    imported = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module)
    names = {
        f"{module}.{name}"
        for module, name in used
        if name in POSIX_NAMES.get(module, ()) and name not in guarded
    }
    return sorted(names | imported & POSIX_MODULES)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import fcntl\nimport os", ["fcntl"]),
        ("from resource import getrusage", ["resource"]),
        ("def f():\n    import resource", []),
        ("import os\nos.nice(10)\nos.kill(1, 2)", ["os.nice"]),
        ("import os\nif hasattr(os, 'nice'):\n    os.nice(10)", []),
        ("import signal\nprint(signal.SIGKILL, signal.SIGTERM)", ["signal.SIGKILL"]),
        ("import signal\nprint(getattr(signal, 'SIGKILL', signal.SIGTERM))", []),
    ],
)
def test_what_counts_as_missing_elsewhere(source, names):
    assert missing_elsewhere(source) == names


@pytest.mark.parametrize(
    "path",
    sorted(PACKAGE.rglob("*.py")),
    ids=lambda path: path.relative_to(PACKAGE).as_posix(),
)
def test_no_module_needs_what_windows_lacks(path):
    allowed = LINUX_ONLY.get(path.relative_to(PACKAGE).as_posix(), {})
    found = missing_elsewhere(path.read_text(encoding="utf-8"))
    assert [name for name in found if name.partition(".")[0] not in allowed] == []


def test_a_prediction_in_an_ascii_locale_is_json_with_every_character(tmp_path):
    words = ["-m", "zoo", "predict", "xor_mlp", "0", "1", "--json"]
    done = run(words, tmp_path, TEXTS["ASCII locale"])
    assert json.loads(done.stdout)["label"] == "1"

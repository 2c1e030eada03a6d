"""ssh is told to notice a dead connection, unless the user told it otherwise."""

import shutil
import subprocess

import pytest

from zoo.errors import ZooError
from zoo.training.remote_shell import on_host


def settings(remote_shell):
    """Return what ssh itself makes of the words."""
    if not shutil.which("ssh"):
        pytest.skip("apt-get install openssh-client")
    *words, host, _ = on_host(remote_shell, "nobody", "true")
    done = subprocess.run([*words, "-F", "none", "-G", host], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return dict(line.split(" ", 1) for line in done.stdout.splitlines())


def test_ssh_notices_a_host_that_does_not_answer():
    found = settings("ssh -p 2200")
    assert found["port"] == "2200"
    assert int(found["connecttimeout"]) > 0
    assert 0 < int(found["serveraliveinterval"]) * int(found["serveralivecountmax"]) < 20


def test_what_the_user_says_holds():
    assert settings("ssh -o ServerAliveInterval=60")["serveraliveinterval"] == "60"


def test_another_program_gets_no_options_of_ssh():
    assert on_host("/opt/my-ssh-wrapper --fast", "a", "true") == [
        "/opt/my-ssh-wrapper",
        "--fast",
        "a",
        "true",
    ]


@pytest.mark.parametrize("remote_shell", ["", " ", "ssh 'unclosed"])
def test_what_is_no_command_is_refused_in_one_sentence(remote_shell, run_zoo, tmp_path):
    with pytest.raises(ZooError, match="give a program and its options"):
        on_host(remote_shell, "a", "true")
    words = ("--hosts", "a:2222,b:2222", "--remote-shell", remote_shell)
    done = run_zoo("train", "perceptron", "--run-dir", tmp_path / "run", *words)
    assert done.returncode == 2
    (sentence,) = done.stderr.splitlines()
    assert repr(remote_shell) in sentence

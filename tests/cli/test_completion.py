"""Tab completion, in a real bash."""

import shutil
import subprocess
import sys

import pytest


@pytest.fixture
def in_bash(tmp_path):
    """Return a function that runs a script in a bash that finds the command `zoo`."""
    if shutil.which("bash") is None:
        pytest.skip("no bash")
    command = tmp_path / "bin" / "zoo"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m zoo "$@"\n')
    command.chmod(0o755)

    def run(script):
        environment = {"PATH": f"{command.parent}:/usr/bin:/bin", "HOME": str(tmp_path)}
        words = ["bash", "--norc", "-c", f"{script}\ntrue"]
        done = subprocess.run(words, capture_output=True, text=True, env=environment)
        assert done.stderr == ""
        return done.stdout

    return run


@pytest.mark.parametrize("option", ["--show-completion bash", "--install-completion bash"])
def test_bash_completes_commands_and_options(option, in_bash, tmp_path):
    source = (
        'eval "$(zoo --show-completion bash)"'
        if option.startswith("--show")
        else f"zoo {option} >installed; source {tmp_path}/.bashrc"
    )
    completed = in_bash(
        f"""cd {tmp_path}; {source}
        complete -p zoo
        for line in "zoo tr" "zoo train --see" "zoo data pre"; do
            COMP_WORDS=($line); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
            $(complete -p zoo | sed -E 's/.*-F ([^ ]+).*/\\1/') zoo
            echo "$line: ${{COMPREPLY[*]}}"
        done"""
    )
    registered, *lines = completed.splitlines()
    assert registered.endswith(" zoo")
    assert lines == ["zoo tr: train", "zoo train --see: --seed", "zoo data pre: prepare"]

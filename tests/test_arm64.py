"""Every shipped file on an emulated 64-bit ARM, by the tool that sets the emulation up."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_bundle_answers_on_arm64_as_it_does_here(photos_dir):
    for program in ("debootstrap", "qemu-aarch64-static"):
        if shutil.which(program) is None:
            pytest.skip(f"no {program} here: apt-get install debootstrap qemu-user-static")
    words = [sys.executable, ROOT / "tools" / "run_on_arm64.py", "--photos", photos_dir]
    done = subprocess.run(words, capture_output=True, text=True)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr

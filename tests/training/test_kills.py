"""Killed at random moments and resumed: the weights of a training that was never disturbed.

Run with `python -m pytest -m slow -s tests/training/test_kills.py`, which prints the table.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import zoo

MODEL = ["deep_relu", "--set", "classes=2", "--set", "width=32", "--set", "size=16"]
MODEL += ["--set", "dropout=0.3", "--set", "normalization=batch", "--dataset", "photos"]
MODEL += ["--batch-size", "8", "--checkpoint-every", "7 steps"]
KINDS = {
    "1 process": (20, ["--epochs", "60"]),
    "2 workers": (5, ["--epochs", "30", "--workers", "2"]),
}


def start(folder, photos, words):
    command = [sys.executable, "-m", "zoo", "train", *MODEL, *words]
    command += ["--data-dir", str(photos), "--run-dir", str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def weights(folder):
    return [weight.tobytes() for weight in zoo.load_model(folder).get_weights()]


def kill_one(process, chosen):
    """Kill the training, or one of the workers it has started."""
    if process.poll() is not None:
        return "nobody"
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    victim = int(chosen.choice(children)) if children else process.pid
    os.kill(victim, signal.SIGKILL)
    return "a worker" if children else "the process"


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", KINDS)
def test_kills_at_random_moments_change_no_bit(kind, photos_dir, tmp_path):
    trials, words = KINDS[kind]
    began = time.monotonic()
    with start(tmp_path / "whole", photos_dir, words) as training:
        _, errors = training.communicate()
    whole_seconds = time.monotonic() - began
    assert training.returncode == 0, errors
    expected = weights(tmp_path / "whole")
    chosen = random.Random(7)
    rows = [f"{kind}: undisturbed {whole_seconds:.1f} s", "trial  killed  at s  resumed  equal"]
    for trial in range(trials):
        folder = tmp_path / str(trial)
        # A training that was over before the moment came does not count: try an earlier one.
        moment, killed = 1.2 * whole_seconds, False
        while not killed:
            shutil.rmtree(folder, ignore_errors=True)
            moment = chosen.uniform(0.3 * whole_seconds, 0.8 * moment)
            with start(folder, photos_dir, words) as training:
                time.sleep(moment)
                victim = kill_one(training, chosen)
                training.communicate()
            killed = training.returncode != 0
        with start(folder, photos_dir, words) as training:
            output, errors = training.communicate()
        assert training.returncode == 0, errors
        resumed = next((ln for ln in output.splitlines() if "Resuming" in ln), "from the start")
        equal = weights(folder) == expected
        rows.append(f"{trial + 1}  {victim}  {moment:.2f}  {resumed}  {equal}")
        assert equal, rows
    print("\n" + "\n".join(rows))

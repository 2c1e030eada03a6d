"""Programs run in a process of their own, so that what they write depends on nothing before them.

TensorFlow numbers functions as a process makes them and tf2onnx walks sets, whose order changes
from process to process; both write down what they met.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from zoo.errors import ZooError

_ROOT = Path(__file__).resolve().parents[2]


def run_in_subprocess(module: str, *words: object) -> None:
    """Run `python -m MODULE WORDS…`.

    Raises:
        ZooError: if it fails; the last line of what it printed is in the message.
    """
    settings = {
        "PYTHONPATH": os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")])),
        "PYTHONHASHSEED": "0",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, words)],
        capture_output=True,
        text=True,
        env={**os.environ, **settings},
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["without a message"])[-1][:300]
        raise ZooError(f"{module} failed: {reason}")

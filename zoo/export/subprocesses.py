"""Run exporters in a new process, so that the files they write are reproducible.

TensorFlow numbers functions in the order in which a process creates them, and tf2onnx iterates over
sets, whose order depends on the hash seed; both affect the files.
"""

from __future__ import annotations

import os
from pathlib import Path

from zoo.errors import ZooError
from zoo.utils.processes import run_python

_ROOT = Path(__file__).resolve().parents[2]


def run_in_subprocess(module: str, *arguments: object) -> None:
    """Run `python -m MODULE ARGUMENTS…`.

    Raises:
        ZooError: if it fails; the message contains the last line of its standard error.
    """
    settings = {
        "PYTHONPATH": os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")])),
        "PYTHONHASHSEED": "0",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    done = run_python("-m", module, *arguments, environment=settings)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["without a message"])[-1][:300]
        raise ZooError(f"{module} failed: {reason}")

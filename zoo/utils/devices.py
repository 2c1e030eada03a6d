"""The devices that TensorFlow sees, and why it may see no GPU.

`python -m zoo.utils.devices` prints them as JSON, so that the process that asks need not import
TensorFlow and does not end if a driver makes TensorFlow crash.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from typing import Any

from zoo.errors import ZooError
from zoo.utils.processes import run_python
from zoo.utils.quiet import import_tensorflow

_ANSWER_SECONDS = 120.0
_VISIBLE = "CUDA_VISIBLE_DEVICES"


def devices() -> dict[str, Any]:
    """Return what TensorFlow sees, asked for in a process of its own.

    Returns:
        "devices", a list of texts such as "GPU:0 NVIDIA H100, compute capability 9.0", and "cuda"
        and "cudnn", the versions that TensorFlow was built for; "" for a build without CUDA.

    Raises:
        ZooError: if TensorFlow is not installed, does not answer, or cannot be imported.
    """
    if importlib.util.find_spec("tensorflow") is None:
        raise ZooError("TensorFlow is not installed.")
    try:
        done = run_python("-m", __name__, seconds=_ANSWER_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise ZooError(f"TensorFlow does not answer within {_ANSWER_SECONDS:.0f} s.") from error
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise ZooError(f"TensorFlow fails: {reason}")
    return json.loads(lines[-1])


def no_gpu(system: str | None = None, environment: Mapping[str, str] = os.environ) -> str:
    """Return why TensorFlow may see no GPU and what to do, in a clause; "" if nothing is known.

    Args:
        system: as `platform.system` names it; this one by default.
        environment: variables of the process that sees none.

    >>> no_gpu("Windows", {})
    'on native Windows, TensorFlow computes on the CPU only; in WSL2 it uses NVIDIA GPUs'
    """
    system = system or platform.system()
    if system == "Windows":
        return "on native Windows, TensorFlow computes on the CPU only; in WSL2 it uses NVIDIA GPUs"
    if system == "Darwin":
        return "on macOS, TensorFlow's own wheels compute on the CPU only"
    if environment.get(_VISIBLE) in ("", "-1"):
        return f"{_VISIBLE} hides all GPUs; unset it"
    if shutil.which("nvidia-smi"):
        return (
            "there is an NVIDIA driver, so the CUDA libraries may be missing: "
            'pip install "tensorflow[and-cuda]"'
        )
    return ""


def _seen() -> dict[str, Any]:
    import_tensorflow()
    import tensorflow as tf

    built = tf.sysconfig.get_build_info()
    return {
        "devices": [_text(device) for device in tf.config.list_physical_devices()],
        "cuda": built.get("cuda_version", ""),
        "cudnn": built.get("cudnn_version", ""),
    }


def _text(device: Any) -> str:
    import tensorflow as tf

    name = device.name.removeprefix("/physical_device:")
    if device.device_type != "GPU":
        return name
    details = tf.config.experimental.get_device_details(device)
    capability = details.get("compute_capability")
    stated = f", compute capability {'.'.join(map(str, capability))}" if capability else ""
    return f"{name} {details.get('device_name', '')}".rstrip() + stated


if __name__ == "__main__":
    print(json.dumps(_seen()))

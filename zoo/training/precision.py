"""The number format of a training, and whether its steps are compiled."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import keras
import tensorflow as tf

from zoo.errors import ZooError
from zoo.training.reporter import Reporter
from zoo.training.settings import JIT, PRECISIONS
from zoo.utils.choices import require_choice

# Instructions that multiply bfloat16 numbers, as Linux names them.
_BFLOAT16_FLAGS = ("avx512_bf16", "amx_bf16", "bf16")
_TRIED_SIZE, _TRIED_ROUNDS = 1024, 7
WORTH_IT = 0.9


def choose(name: str, reporter: Reporter) -> str:
    """Return the precision that a name stands for.

    "auto" is bfloat16 where the processor multiplies it in hardware and a matrix product, timed
    here and now, takes at most nine tenths of the time; else float32.

    Raises:
        UnknownNameError: for a name that is not one of `PRECISIONS`.
    """
    require_choice("precision", name, PRECISIONS)
    if name != "auto":
        return name
    ratio = _time_of_product(tf.bfloat16) / _time_of_product(tf.float32) if has_bfloat16() else None
    chosen = worthwhile(ratio)
    if ratio is None:
        reporter.say(f"Precision {chosen}: this processor has no bfloat16 instructions.")
    else:
        reporter.say(
            f"Precision {chosen}: a product in bfloat16 takes {ratio:.3f} × float32's time."
        )
    return chosen


def worthwhile(ratio: float | None) -> str:
    """Return the precision to train in, by the time that a product in bfloat16 takes.

    Args:
        ratio: as a share of float32's; None where the processor does not multiply bfloat16.

    >>> worthwhile(0.5), worthwhile(0.95), worthwhile(None)
    ('mixed_bfloat16', 'float32', 'float32')
    """
    return "mixed_bfloat16" if ratio is not None and ratio <= WORTH_IT else "float32"


def has_bfloat16() -> bool:
    """Return whether this processor says that it multiplies bfloat16 numbers."""
    information = Path("/proc/cpuinfo")
    words = (
        set(information.read_text(encoding="utf-8", errors="replace").split())
        if information.is_file()
        else set()
    )
    return not words.isdisjoint(_BFLOAT16_FLAGS)


def _time_of_product(kind: tf.DType) -> float:
    factor = tf.ones((_TRIED_SIZE, _TRIED_SIZE), kind)
    seconds = []
    for _ in range(_TRIED_ROUNDS):
        started = time.perf_counter()
        tf.matmul(factor, factor).numpy()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


@contextlib.contextmanager
def policy(name: str) -> Iterator[None]:
    """Build Keras layers under a precision policy, and put the former one back.

    Raises:
        UnknownNameError: for a name that is not one of `PRECISIONS`.
    """
    require_choice("precision", name, PRECISIONS)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def compile_step(jit: str, replicas: int) -> bool:
    """Return whether the training step is compiled with XLA.

    "auto" leaves it off: on one CPU the interpreter's own matrix products are as fast, and the
    same results come from any number of replicas.

    Raises:
        ZooError: for "on" with several replicas, which TensorFlow cannot compile.
    """
    require_choice("jit", jit, JIT)
    if jit == "on" and replicas > 1:
        raise ZooError(
            f"--jit on cannot be used with {replicas} replicas: TensorFlow does not compile a "
            "step that sums over replicas; use --jit auto."
        )
    return jit == "on"

"""The number format of a training, and whether its steps are compiled with XLA."""

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

# Names of CPU flags on Linux for instructions that multiply bfloat16 numbers.
_BFLOAT16_FLAGS = ("avx512_bf16", "amx_bf16", "bf16")
_BENCHMARK_SIZE, _BENCHMARK_ROUNDS = 1024, 7
# Largest time in bfloat16, relative to float32, for which bfloat16 is chosen.
MAX_TIME_RATIO = 0.9


def choose(name: str, reporter: Reporter) -> str:
    """Return the precision for a setting, which may be "auto".

    "auto" chooses mixed_bfloat16 if the processor has bfloat16 instructions and a matrix product,
    timed now, takes at most 0.9 of the time in float32; else float32.

    Raises:
        UnknownNameError: if it is not one of `PRECISIONS`.
    """
    require_choice("precision", name, PRECISIONS)
    if name != "auto":
        return name
    ratio = _time_of_product(tf.bfloat16) / _time_of_product(tf.float32) if has_bfloat16() else None
    chosen = by_time_ratio(ratio)
    if ratio is None:
        reporter.say(f"Precision {chosen}: this processor has no bfloat16 instructions.")
    else:
        reporter.say(
            f"Precision {chosen}: a product in bfloat16 takes {ratio:.3f} × float32's time."
        )
    return chosen


def by_time_ratio(ratio: float | None) -> str:
    """Return the precision for a measured time ratio.

    Args:
        ratio: time of a matrix product in bfloat16 divided by that in float32; None if the
            processor has no bfloat16 instructions.

    >>> by_time_ratio(0.5), by_time_ratio(0.95), by_time_ratio(None)
    ('mixed_bfloat16', 'float32', 'float32')
    """
    return "mixed_bfloat16" if ratio is not None and ratio <= MAX_TIME_RATIO else "float32"


def has_bfloat16() -> bool:
    """Return whether this processor has instructions that multiply bfloat16 numbers."""
    information = Path("/proc/cpuinfo")
    words = (
        set(information.read_text(encoding="utf-8", errors="replace").split())
        if information.is_file()
        else set()
    )
    return not words.isdisjoint(_BFLOAT16_FLAGS)


def _time_of_product(kind: tf.DType) -> float:
    factor = tf.ones((_BENCHMARK_SIZE, _BENCHMARK_SIZE), kind)
    seconds = []
    for _ in range(_BENCHMARK_ROUNDS):
        started = time.perf_counter()
        tf.matmul(factor, factor).numpy()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


@contextlib.contextmanager
def policy(name: str) -> Iterator[None]:
    """Set Keras's precision policy within the block.

    Raises:
        UnknownNameError: if it is not one of `PRECISIONS`.
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

    "auto" means no: on a CPU, XLA is not faster here, and without it the results do not depend on
    the number of replicas.

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

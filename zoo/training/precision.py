"""Number formats of a training, and which combinations this stack cannot run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import keras

from zoo.errors import ZooError
from zoo.registry import require_choice

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
JIT = ("auto", "on", "off")


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

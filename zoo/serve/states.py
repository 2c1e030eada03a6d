"""States of trainings as bytes, so that they can be kept and sent to another process."""

from __future__ import annotations

import json

import numpy as np


def state_bytes(state: dict[str, np.ndarray]) -> bytes:
    """Return the arrays of a state as bytes: one line of JSON, then the numbers.

    >>> read_state(state_bytes({"updates": np.int64(3), "w": np.ones((1, 2), np.float32)}))
    {'updates': array(3), 'w': array([[1., 1.]], dtype=float32)}
    """
    arrays = {name: np.asarray(value) for name, value in state.items()}
    names = {name: [array.dtype.str, list(array.shape)] for name, array in arrays.items()}
    numbers = [array.tobytes() for array in arrays.values()]
    return b"".join([json.dumps(names).encode(), b"\n", *numbers])


def read_state(content: bytes) -> dict[str, np.ndarray]:
    """Return the state of `state_bytes`; its arrays are read-only."""
    line, _, numbers = content.partition(b"\n")
    state, start = {}, 0
    for name, (dtype, shape) in json.loads(line).items():
        count = int(np.prod(shape, dtype=np.int64))
        state[name] = np.frombuffer(numbers, dtype, count, start).reshape(shape)
        start += state[name].nbytes
    return state

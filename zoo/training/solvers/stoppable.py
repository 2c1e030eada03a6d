"""Run long LAPACK calls so that a request to stop takes effect at once."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from scipy.linalg import cython_lapack, lapack

_Result = TypeVar("_Result")
_SECONDS_BETWEEN_POLLS = 0.1


def stoppable(compute: Callable[[], _Result], poll_stop: Callable[[], None]) -> _Result:
    """Return the result of a function, or raise what `poll_stop` raises meanwhile.

    Signal handlers run in the main thread between Python instructions, and a matrix decomposition
    is a single one that may take minutes. So it runs in another thread, which is abandoned if the
    training stops.

    Args:
        compute: the function; it must release the GIL.
        poll_stop: called every tenth of a second; raises if this process was asked to stop.
    """
    done: list[_Result] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(compute())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    while thread.is_alive():
        poll_stop()
        thread.join(_SECONDS_BETWEEN_POLLS)
    if failed:
        raise failed[0]
    return done[0]


def tridiagonalised(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return LAPACK's dsytrd of a symmetric matrix, from its lower half, without holding the GIL.

    `scipy.linalg.lapack.dsytrd` returns the same but holds the GIL, so that no other thread runs.

    Args:
        matrix: float64 (n, n), n at least 2.

    Returns:
        The reflectors, (n, n); the diagonal, (n,), and the off-diagonal, (n − 1,), of the
        tridiagonal matrix; the factors of the reflectors, (n − 1,).
    """
    size = len(matrix)
    work_size = int(lapack.dsytrd_lwork(size, lower=1)[0])
    reflectors = np.array(matrix, np.float64, order="F")
    diagonal, off_diagonal, factors, work = (
        np.empty(length) for length in (size, size - 1, size - 1, work_size)
    )
    half, order, length, problem = (
        ctypes.c_char(b"L"),
        ctypes.c_int(size),
        ctypes.c_int(work_size),
        ctypes.c_int(),
    )
    arguments: list[Any] = [half, order, reflectors, order, diagonal, off_diagonal, factors, work]
    _function("dsytrd", 10)(*map(_address, [*arguments, length, problem]))
    return reflectors, diagonal, off_diagonal, factors


def _function(name: str, arguments: int) -> Callable[..., None]:
    """Return a function of scipy's LAPACK; all its arguments are pointers."""
    capsule = cython_lapack.__pyx_capi__[name]
    name_of = ctypes.pythonapi.PyCapsule_GetName
    name_of.restype, name_of.argtypes = ctypes.c_char_p, [ctypes.py_object]
    pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
    pointer_of.restype = ctypes.c_void_p
    pointer_of.argtypes = [ctypes.py_object, ctypes.c_char_p]
    pointer = pointer_of(capsule, name_of(capsule))
    assert pointer is not None
    return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * arguments)(pointer)


def _address(thing: Any) -> int:
    return thing.ctypes.data if isinstance(thing, np.ndarray) else ctypes.addressof(thing)

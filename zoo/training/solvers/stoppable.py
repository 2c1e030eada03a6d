"""Long calls into LAPACK that a request to stop does not have to wait for."""

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
    """Return what a function returns, or raise what `poll_stop` raises while it computes.

    A signal's handler runs in the main thread between two instructions of Python, and a matrix
    decomposition is one that takes minutes: so it has a thread of its own, which is left to
    itself when the training stops.

    Args:
        compute: releases Python's lock while it takes long.
        poll_stop: called every tenth of a second; it raises if this process was asked to stop.
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
    """Return LAPACK's dsytrd of a symmetric matrix, from its lower half, without Python's lock.

    `scipy.linalg.lapack.dsytrd` returns the same and holds the lock, so that no other thread runs.

    Args:
        matrix: float64 (n, n), n at least 2.

    Returns:
        The reflectors, (n, n); the diagonal, (n,), and what is beside it, (n − 1,), of the
        tridiagonal matrix; the factors of the reflectors, (n − 1,).
    """
    size = len(matrix)
    room = int(lapack.dsytrd_lwork(size, lower=1)[0])
    reflectors = np.array(matrix, np.float64, order="F")
    diagonal, beside, factors, work = (
        np.empty(length) for length in (size, size - 1, size - 1, room)
    )
    half, order, length, problem = (
        ctypes.c_char(b"L"),
        ctypes.c_int(size),
        ctypes.c_int(room),
        ctypes.c_int(),
    )
    arguments: list[Any] = [half, order, reflectors, order, diagonal, beside, factors, work]
    _function("dsytrd", 10)(*map(_address, [*arguments, length, problem]))
    return reflectors, diagonal, beside, factors


def _function(name: str, arguments: int) -> Callable[..., None]:
    """Return a function of scipy's LAPACK that takes so many pointers."""
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

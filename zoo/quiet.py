"""Keep what C++ libraries print while they load or convert off the terminal, unless they fail."""

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator

from zoo.errors import ZooError


@contextlib.contextmanager
def quiet_stderr() -> Iterator[None]:
    """Hold back everything written to file descriptor 2; print it after all if the block raises.

    No logger controls the first lines that TensorFlow's libraries print. A process without
    standard error is left as it is.
    """
    try:
        saved = os.dup(2)
    except OSError:
        yield
        return
    with tempfile.TemporaryFile() as held:
        sys.stderr.flush()
        os.dup2(held.fileno(), 2)
        failed = True
        try:
            yield
            failed = False
        finally:
            sys.stderr.flush()
            os.dup2(saved, 2)
            os.close(saved)
            if failed:
                held.seek(0)
                shutil.copyfileobj(held, sys.stderr.buffer)
                sys.stderr.flush()


def import_tensorflow() -> None:
    """Import TensorFlow and Keras without the lines they print, and keep their logs to errors.

    Raises:
        ZooError: if they are not installed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with quiet_stderr():
            import keras  # noqa: F401
            import tensorflow as tf
    except ImportError as error:
        raise ZooError(
            f"This command needs TensorFlow, which cannot be imported ({error}); "
            'run: pip install "lecture-zoo[train]"'
        ) from error
    tf.get_logger().setLevel("ERROR")

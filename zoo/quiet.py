"""Import TensorFlow without the lines its libraries print, which no logger controls."""

import os

from zoo.edge import quiet_stderr
from zoo.errors import ZooError


def import_tensorflow() -> None:
    """Import TensorFlow and Keras quietly, and keep their logs to errors.

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

"""Imports TensorFlow and Keras without the messages that its libraries print to stderr."""

import contextlib
import os
import sys
from collections.abc import Iterator

from zoo.errors import ZooError

_BACKEND = "KERAS_BACKEND"


def missing(what: str, error: ImportError) -> str:
    """Return the error message for something that needs TensorFlow and Keras."""
    return (
        f"{what} needs TensorFlow and Keras, which cannot be imported ({error}); "
        'run: pip install "lecture-zoo[train]"'
    )


def import_keras(what: str) -> None:
    """Import Keras.

    Raises:
        ZooError: if it cannot be imported, naming `what` needs it.
    """
    try:
        import keras  # noqa: F401
    except ImportError as error:
        raise ZooError(missing(what, error)) from error


def prepare_keras() -> None:
    """Set for this process, a command's own, what TensorFlow and Keras read when they are imported.

    What the user has set stays as it is.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Otherwise the first process that uses a GPU takes nearly all of its memory.
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    if not os.environ.get(_BACKEND):
        # The variable takes precedence over ~/.keras/keras.json.
        os.environ[_BACKEND] = "tensorflow"


def import_tensorflow() -> None:
    """Import TensorFlow and Keras quietly, and override the settings in ~/.keras/keras.json.

    Raises:
        ZooError: if they are not installed, or another Keras backend is selected.
    """
    # It needs numpy, which the command line loads only for a command that computes.
    from zoo.edge import quiet_stderr

    prepare_keras()
    if "keras" not in sys.modules:
        _check_backend(os.environ[_BACKEND], f"the variable {_BACKEND}")
    try:
        with quiet_stderr():
            import keras
            import tensorflow as tf
    except ImportError as error:
        raise ZooError(missing("This command", error)) from error
    tf.get_logger().setLevel("ERROR")
    # In a command's own process, the user's settings for other work are overridden.
    keras.config.set_floatx("float32")
    keras.config.set_image_data_format("channels_last")
    check_keras()


@contextlib.contextmanager
def quiet_logger() -> Iterator[None]:
    """Let TensorFlow's logger pass on errors only; in a notebook it prints to standard output."""
    import tensorflow as tf

    logger = tf.get_logger()
    level = logger.level
    logger.setLevel("ERROR")
    try:
        yield
    finally:
        logger.setLevel(level)


def check_keras() -> None:
    """Check that Keras uses TensorFlow, float32 and channels last, on which the models depend.

    Raises:
        ZooError: if it does not, naming what to set.
    """
    import keras

    _check_backend(keras.config.backend(), "this program or ~/.keras/keras.json")
    ambient = {
        "floatx": (keras.config.floatx(), "float32"),
        "image_data_format": (keras.config.image_data_format(), "channels_last"),
    }
    for name, (given, expected) in ambient.items():
        if given != expected:
            raise ZooError(
                f"Keras's {name} is set to {given!r} (in ~/.keras/keras.json or by this program), "
                f"but the models need {expected!r}; call keras.config.set_{name}({expected!r})."
            )


def _check_backend(backend: str, where: str) -> None:
    if backend != "tensorflow":
        raise ZooError(
            f"The Keras backend is set to {backend!r} (by {where}), but this package needs "
            f"TensorFlow: set {_BACKEND}=tensorflow."
        )

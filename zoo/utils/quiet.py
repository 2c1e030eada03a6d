"""Import TensorFlow without the lines its libraries print, which no logger controls."""

import os
import sys

from zoo.errors import ZooError

_BACKEND = "KERAS_BACKEND"


def missing(what: str, error: ImportError) -> str:
    """Return the sentence for something that needs TensorFlow and Keras where they are not."""
    return (
        f"{what} needs TensorFlow and Keras, which cannot be imported ({error}); "
        'run: pip install "lecture-zoo[train]"'
    )


def import_keras(what: str) -> None:
    """Import Keras, and say in one sentence what needs it where it is not.

    Raises:
        ZooError: if it cannot be imported.
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
    if not os.environ.get(_BACKEND):
        # It goes before ~/.keras/keras.json.
        os.environ[_BACKEND] = "tensorflow"


def import_tensorflow() -> None:
    """Import TensorFlow and Keras quietly, as this package needs them whatever ~/.keras says.

    Raises:
        ZooError: if they are not installed, or Keras is told to compute with something else.
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
    # A command's process is its own: what ~/.keras/keras.json says of other work is put aside.
    keras.config.set_floatx("float32")
    keras.config.set_image_data_format("channels_last")
    check_keras()


def check_keras() -> None:
    """Check that Keras computes with TensorFlow, in float32, channels last.

    Models are built and saved as these say; a program that has set them otherwise is told.

    Raises:
        ZooError: naming what to set.
    """
    import keras

    _check_backend(keras.config.backend(), "its backend")
    ambient = {
        "floatx": (keras.config.floatx(), "float32"),
        "image_data_format": (keras.config.image_data_format(), "channels_last"),
    }
    for name, (given, expected) in ambient.items():
        if given != expected:
            raise ZooError(
                f"Keras's {name} is {given!r} (by ~/.keras/keras.json or this program), but the "
                f"models here are made for {expected!r}; call "
                f"keras.config.set_{name}({expected!r})."
            )


def _check_backend(backend: str, where: str) -> None:
    if backend != "tensorflow":
        raise ZooError(
            f"Keras is told to compute with {backend!r} ({where}), but this package needs "
            f"TensorFlow: set {_BACKEND}=tensorflow."
        )

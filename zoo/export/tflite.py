"""SavedModel → TFLite, built-in operations only."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

from zoo.edge import quiet_stderr
from zoo.errors import ZooError

QUANTISATION = {"float32": "none"}


def convert(saved_model: Path, kind: str) -> bytes:
    """Return the `.tflite` file of a SavedModel's frame signature.

    Args:
        saved_model: folder.
        kind: one of `QUANTISATION`.

    Raises:
        ZooError: if the model needs an operation that boards do not have.
    """
    converter = tf.lite.TFLiteConverter.from_saved_model(
        str(saved_model), signature_keys=["serving_default"]
    )
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    try:
        with quiet_stderr():
            return converter.convert()
    except Exception as error:
        # The converter has no exception type of its own: its C++ messages arrive as any.
        raise ZooError(
            f"The model cannot be written as {kind}.tflite with built-in operations only "
            f"({str(error).strip().splitlines()[0][:200]})."
        ) from error

"""Keras model → TFLite in four kinds, built-in operations only."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from zoo.edge import quiet_stderr
from zoo.errors import ZooError
from zoo.export.concatenate import concatenate, with_plain_dense_versions
from zoo.nn.preprocessing import preprocessing_of
from zoo.utils.choices import require_choice

QUANTISATION = {
    "float32": "none",
    "float16": "weights float16, computed in float32",
    "dynamic": "weights int8, activations quantised as they come",
    "int8": "weights and activations of the head int8, calibrated on training examples",
}


def convert(
    model: keras.Model,
    kind: str,
    frame: tuple[int, int] | None = None,
    calibration: Callable[[], Iterable[np.ndarray]] | None = None,
) -> bytes:
    """Return the `.tflite` file of a model.

    Args:
        model: whose input is `image` or `x`.
        kind: one of `QUANTISATION`.
        frame: (height, width) to fix a photo's size to, with a batch of 1; None for any.
        calibration: for "int8": gives the examples, each with a batch dimension of 1.

    Raises:
        ZooError: if the model needs an operation that boards do not have.
    """
    require_choice("kind of TFLite file", kind, tuple(QUANTISATION))
    given = model.inputs[0]
    shape = given.shape if frame is None else (1, *frame, 3)
    if kind != "int8":
        content = _convert(kind, model, tf.TensorSpec(shape, given.dtype, name=given.name))
        return with_plain_dense_versions(content) if kind == "dynamic" else content
    # Only the head has weights and a range of values that a calibration can know. The layers
    # before it compute with the photo's size, which eight bits would round away.
    head, preprocessing = model.get_layer("head"), preprocessing_of(model)
    if calibration is None:
        raise ValueError("int8 needs examples to calibrate with; give a function of them.")
    examples: Iterable[Any] = calibration()
    if preprocessing is not None:
        examples = map(preprocessing, examples)
    features = [np.asarray(example) for example in examples]
    batch = None if frame is None else 1
    inputs = tf.TensorSpec((batch, features[0].shape[1]), tf.float32, name=given.name)
    quantised = _convert(kind, head, inputs, features)
    if preprocessing is None:
        return quantised
    return concatenate(
        _convert("float32", preprocessing, tf.TensorSpec(shape, given.dtype, name=given.name)),
        quantised,
    )


def _convert(
    kind: str,
    layer: keras.layers.Layer,
    inputs: tf.TensorSpec,
    features: Sequence[np.ndarray] = (),
) -> bytes:
    module = tf.Module()
    module.weights = [variable.value for variable in layer.weights]
    module.serve = tf.function(
        lambda x: {"output": layer(x, training=False)}, input_signature=[inputs]
    )
    with tempfile.TemporaryDirectory() as folder, quiet_stderr():
        # The road through a SavedModel keeps the weights and refuses what is not built in.
        tf.saved_model.save(module, folder, module.serve.get_concrete_function())
        converter = _converter(kind, Path(folder), features)
        try:
            return converter.convert()
        except Exception as error:
            # The converter has no exception type of its own: its C++ messages arrive as any.
            raise ZooError(
                f"The model cannot be written as {kind}.tflite with built-in operations only "
                f"({str(error).strip().splitlines()[0][:200]})."
            ) from error


def _converter(kind: str, folder: Path, features: Sequence[np.ndarray]) -> tf.lite.TFLiteConverter:
    converter = tf.lite.TFLiteConverter.from_saved_model(
        str(folder), signature_keys=["serving_default"]
    )
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if kind != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if kind == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if kind in ("dynamic", "int8"):
        # tflite_runtime 2.14 does not load dense layers with a scale for each output.
        converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    if kind == "int8":
        converter.representative_dataset = lambda: ([row] for row in features)
        # The step activation's comparison stays as it is, should it have no int8 form.
        converter.target_spec.supported_ops.insert(0, tf.lite.OpsSet.TFLITE_BUILTINS_INT8)
    return converter

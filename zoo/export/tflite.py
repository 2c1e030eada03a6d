"""Convert a Keras model to TFLite with built-in operations only, quantised in one of four ways."""

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
from zoo.nn.scaling import input_scaling, output_scaling
from zoo.utils.choices import require_choice
from zoo.utils.quiet import quiet_logger

QUANTISATION = {
    "float32": "none",
    "float16": "weights float16, computed in float32",
    "dynamic": "weights int8, activations quantised at run time",
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
        model: its input is named `image` or `x`.
        kind: one of `QUANTISATION`.
        frame: fixed (height, width) of photos, with a batch of 1; None for any size and batch.
        calibration: for "int8": returns examples, each with a batch dimension of 1.

    Raises:
        ZooError: if the model needs an operation that is not built in.
    """
    require_choice("kind of TFLite file", kind, tuple(QUANTISATION))
    given = model.inputs[0]
    shape = given.shape if frame is None else (1, *frame, 3)
    inputs = tf.TensorSpec(shape, given.dtype, name=given.name)
    preprocessing, head, units = _stages(model)
    scaled = input_scaling(model) is not None or units is not None
    if kind == "float32" or (kind != "int8" and not scaled):
        content = _convert(kind, model, inputs)
        return with_plain_dense_versions(content) if kind == "dynamic" else content
    # Only the head is quantised. Preprocessing computes with a photo's size, or with numbers in
    # units of their own, for which 8 or 16 bits are too few.
    features: list[np.ndarray] = []
    if kind == "int8":
        if calibration is None:
            raise ValueError("int8 needs a function that returns examples to calibrate with.")
        examples: Iterable[Any] = calibration()
        if preprocessing is not None:
            examples = map(preprocessing, examples)
        features = [np.asarray(example) for example in examples]
    batch = None if frame is None else 1
    width = model.get_layer("head").input_shape[-1]
    content = _convert(
        kind, head, tf.TensorSpec((batch, width), tf.float32, name=given.name), features
    )
    if kind == "dynamic":
        content = with_plain_dense_versions(content)
    if preprocessing is not None:
        content = concatenate(_convert("float32", preprocessing, inputs), content)
    if units is not None:
        outputs = tf.TensorSpec((batch, model.output_shape[-1]), tf.float32, name="standardized")
        content = concatenate(content, _convert("float32", units, outputs))
    return content


def _stages(
    model: keras.Model,
) -> tuple[keras.layers.Layer | None, keras.layers.Layer, keras.layers.Layer | None]:
    """Return the layers before the head, what of the head is quantised, and what follows."""
    head, units = model.get_layer("head"), output_scaling(model)
    if units is not None:
        head = keras.Sequential(head.layers[:-1])
    return preprocessing_of(model), head, units


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
    with tempfile.TemporaryDirectory() as folder, quiet_stderr(), quiet_logger():
        # Converting from a SavedModel keeps the weights and fails for operations not built in.
        tf.saved_model.save(module, folder, module.serve.get_concrete_function())
        converter = _converter(kind, Path(folder), features)
        try:
            return converter.convert()
        except Exception as error:
            # The converter raises many types of exceptions.
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
        # tflite_runtime 2.14 cannot load dense layers with one scale per output.
        converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    if kind == "int8":
        converter.representative_dataset = lambda: ([row] for row in features)
        # Operations without an int8 version, such as comparisons, stay in float32.
        converter.target_spec.supported_ops.insert(0, tf.lite.OpsSet.TFLITE_BUILTINS_INT8)
    return converter

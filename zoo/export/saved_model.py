"""Keras model → SavedModel: plain TensorFlow that needs neither Keras nor this package."""

from __future__ import annotations

from pathlib import Path

import keras
import tensorflow as tf


def write_saved_model(model: keras.Model, folder: Path) -> None:
    """Write the model with its serving signatures; the weights are stored once.

    Signatures:
        serving_default: raw uint8 photos `image` (batch, h, w, 3), or float32 `x`
            (batch, inputs) → `output` (batch, outputs).
        serve_encoded: for image models: `encoded`, a batch of JPEG or PNG files as strings
            (batch,), of any sizes → `output`. TensorFlow's decoder ignores EXIF orientation.
    """
    module = tf.Module()
    module.weights = [variable.value for variable in model.weights]
    given = model.inputs[0]

    @tf.function(input_signature=[tf.TensorSpec(given.shape, given.dtype, name=given.name)])
    def serve(x):
        return {"output": model(x, training=False)}

    module.serve = serve
    signatures = {"serving_default": serve.get_concrete_function()}
    if given.name == "image":

        @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="encoded")])
        def serve_encoded(files):
            return {
                "output": tf.map_fn(
                    lambda file: model(_decode(file)[None], training=False)[0],
                    files,
                    fn_output_signature=tf.TensorSpec(model.output_shape[1:], tf.float32),
                )
            }

        module.serve_encoded = serve_encoded
        signatures["serve_encoded"] = serve_encoded.get_concrete_function()
    tf.saved_model.save(module, folder, signatures)


def _decode(file: tf.Tensor) -> tf.Tensor:
    photo = tf.io.decode_image(file, channels=3, expand_animations=False)
    return tf.ensure_shape(photo, (None, None, 3))

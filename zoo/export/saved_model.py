"""Keras model → SavedModel: plain TensorFlow that needs neither Keras nor this package."""

from __future__ import annotations

import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from zoo.export import float16
from zoo.export.encoded import decode_or_not
from zoo.export.subprocesses import run_in_subprocess
from zoo.nn import loading


def write_saved_model(model_path: Path, folder: Path) -> None:
    """Write the SavedModel of a `model.keras`; see `save` for its signatures.

    The same file gives the same bytes.

    Raises:
        ZooError: if it cannot be written.
    """
    run_in_subprocess("zoo.export.saved_model", model_path, folder)
    # It holds a number drawn at random and is not needed to load.
    (folder / "fingerprint.pb").unlink(missing_ok=True)


def save(model: keras.Model, folder: Path) -> None:
    """Save the model with its serving signatures; the weights are stored once.

    Large weights that float16 holds exactly are stored so, and read as float32 at every call.

    Signatures:
        serving_default: raw uint8 photos `image` (batch, h, w, 3), or float32 `x`
            (batch, inputs) → `output` (batch, outputs).
        serve_encoded: for image models: `encoded`, a batch of JPEG or PNG files as strings
            (batch,), of any sizes → `output`, and `valid`, bool (batch,): false where a file
            could not be read, and then the outputs are NaN. Photos are read as `edge.decode`
            reads them.
    """
    module = tf.Module()
    trainable, others = model.trainable_variables, model.non_trainable_variables
    module.trainable, module.others = _stored(trainable), _stored(others)
    given = model.inputs[0]

    def compute():
        """Return the function from a batch to the outputs, the weights read once."""
        values = (_read(module.trainable, trainable), _read(module.others, others))
        return lambda x: model.stateless_call(*values, x, training=False)[0]

    @tf.function(input_signature=[tf.TensorSpec(given.shape, given.dtype, name=given.name)])
    def serve(x):
        return {"output": compute()(x)}

    module.serve = serve
    signatures = {"serving_default": serve.get_concrete_function()}
    if given.name == "image":

        @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="encoded")])
        def serve_encoded(files):
            answer = compute()

            def answer_file(file):
                photo, valid = decode_or_not(file)
                output = answer(photo[None])[0]
                return tf.where(valid, output, np.nan), valid

            signature = (tf.TensorSpec(model.output_shape[1:], tf.float32), tf.TensorSpec((), bool))
            output, valid = tf.map_fn(answer_file, files, fn_output_signature=signature)
            return {"output": output, "valid": valid}

        module.serve_encoded = serve_encoded
        signatures["serve_encoded"] = serve_encoded.get_concrete_function()
    tf.saved_model.save(module, folder, signatures)


def _stored(variables: list[keras.Variable]) -> list[tf.Variable]:
    arrays = [
        # Nothing is drawn in serving, and a state drawn at random would make no file like another.
        np.zeros(variable.shape, variable.dtype)
        if variable.path.endswith("seed_generator_state")
        else variable.numpy()
        for variable in variables
    ]
    return [
        tf.Variable(array.astype(np.float16) if float16.is_exact(array) else array, trainable=False)
        for array in arrays
    ]


def _read(stored: list[tf.Variable], variables: list[keras.Variable]) -> list[tf.Tensor]:
    return [tf.cast(value, given.dtype) for value, given in zip(stored, variables, strict=True)]


if __name__ == "__main__":
    save(loading.load_model(sys.argv[1]), Path(sys.argv[2]))

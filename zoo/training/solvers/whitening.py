"""The first layer trained on whitened features, and folded into plain weights afterwards.

With the features' mean μ and covariance C = Q diag(s) Qᵀ, the first layer W x + b is written as
V P (x − μ) + b, P = diag(1/√(s + ε)) Qᵀ, and V is what is trained: pixels that go together no
longer hide what sets them apart (LeCun et al., Efficient BackProp, 1998, §4.3). Once trained,
W = V P and b − W μ are the weights of the very model that was asked for.
"""

from __future__ import annotations

import contextlib

import keras
import numpy as np
import tensorflow as tf

from zoo.errors import ZooError
from zoo.nn.preprocessing import preprocessing_of
from zoo.training.context import TrainingContext
from zoo.training.solvers.full_batch import FullBatchSum


def check(model: keras.Model) -> None:
    """Raise one sentence unless whitening can be folded into the model's first layer.

    Raises:
        ZooError: otherwise.
    """
    first = model.get_layer("head").layers[0]
    missing = None
    if preprocessing_of(model) is None:
        missing = "takes photos"
    elif not isinstance(first, keras.layers.Dense) or not first.trainable:
        missing = "begins with a dense layer that is trained"
    elif not first.use_bias:
        missing = "begins with a dense layer that has a bias"
    if missing:
        raise ZooError(
            f"Whitening is for a model that {missing}; {model.name} does not: leave whitening out "
            "of the recipe."
        )


def whitened(context: TrainingContext) -> keras.Model:
    """Return a model to train in place of the context's, with whose later layers it shares weights.

    Args:
        context: whose recipe says `whitening`, ε, and how many `components` of P to keep; its
            model is one that `check` accepts.
    """
    model, strategy = context.model, context.strategy
    first, *others = model.get_layer("head").layers
    mean, projection = _projection(context)
    # Other processors may round eigenvectors otherwise, or turn them around.
    mean, projection = (
        np.frombuffer(context.agreement.broadcast(array.tobytes()), np.float32).reshape(array.shape)
        for array in (mean, projection)
    )
    with strategy.scope():
        whitening = keras.layers.Dense(projection.shape[1], trainable=False, name="whitening")
        inner = keras.layers.Dense.from_config({**first.get_config(), "name": "whitened"})
        image = keras.Input(model.inputs[0].shape[1:], dtype=model.inputs[0].dtype, name="image")
        preprocessing = preprocessing_of(model)
        head = keras.Sequential([whitening, inner, *others], name="head")
        training_model = keras.Model(image, head(preprocessing(image)), name=model.name)
        # Of its optimizer the model remembers what was asked for; half precision has wrapped it.
        settings = model.get_compile_config()
        settings["optimizer"] = keras.optimizers.serialize(model.optimizer)
        training_model.compile_from_config(settings)
        whitening.kernel.assign(projection)
        whitening.bias.assign(-mean @ projection)
    return training_model


def fold(training_model: keras.Model, model: keras.Model) -> None:
    """Give the model the first layer that its training model has learned."""
    whitening, inner = training_model.get_layer("head").layers[:2]
    first = model.get_layer("head").layers[0]
    arrays = (whitening.kernel, whitening.bias, inner.kernel)
    projection, offset, weights = (
        keras.ops.convert_to_numpy(array).astype(np.float64) for array in arrays
    )
    first.kernel.assign((projection @ weights).astype(np.float32))
    bias = offset @ weights
    if inner.use_bias:
        bias = bias + keras.ops.convert_to_numpy(inner.bias)
    first.bias.assign(bias.astype(np.float32))


def _projection(context: TrainingContext) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean, (features,), and Pᵀ, (features, components), float32."""

    def moments(x, y, counted, *_):
        weighted = x * counted[:, None]
        return tf.reduce_sum(weighted, axis=0), tf.matmul(weighted, x, transpose_a=True)

    recipe, check_stop = context.recipe, context.check_stop
    # Photos as they are: what an augmenter moves them by is not part of the features.
    with contextlib.closing(context.examples("train")) as examples:
        total, squares = FullBatchSum(
            context.strategy, examples, moments, check_stop=check_stop
        ).run()
    mean = total / len(examples)
    covariance = squares / len(examples) - np.outer(mean, mean)
    variances, directions = np.linalg.eigh(covariance)
    # The largest first; a variance below 0 is rounding.
    kept = slice(-1, -1 - min(recipe.components or len(mean), len(mean)), -1)
    scale = 1 / np.sqrt(np.maximum(variances[kept], 0) + recipe.whitening)
    projection = np.ascontiguousarray(directions[:, kept] * scale, np.float32)
    return mean.astype(np.float32), projection

"""Train the first layer on whitened features; fold the whitening into its weights afterwards.

With the features' mean μ and covariance C = Q diag(s) Qᵀ, the first layer W x + b is written as
V P (x − μ) + b, P = diag(1/√(s + ε)) Qᵀ, and V is trained: gradient descent converges faster when
features are not correlated (LeCun et al., Efficient BackProp, 1998, §4.3). After training, the
weights of the original model are W = V P and b − W μ.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from zoo.errors import ZooError
from zoo.nn.preprocessing import preprocessing_of
from zoo.registry.recipes import Recipe
from zoo.training.examples import Examples
from zoo.training.solvers.full_batch import FullBatchSum
from zoo.training.solvers.stoppable import stoppable


def check(model: keras.Model) -> None:
    """Check that whitening can be folded into the model's first layer.

    Raises:
        ZooError: if it cannot.
    """
    first = model.get_layer("head").layers[0]
    missing = None
    if model.inputs[0].name != "image":
        missing = "takes photos"
    elif not isinstance(first, keras.layers.Dense) or not first.trainable:
        missing = "begins with a trainable dense layer"
    elif not first.use_bias:
        missing = "begins with a dense layer that has a bias"
    elif first.kernel_constraint is not None:
        # A constraint on the weights of the features does not hold for those of components.
        missing = "begins with a dense layer without a constraint, such as that of option 'patch'"
    if missing:
        raise ZooError(
            f"Whitening is for a model that {missing}; {model.name} does not: leave whitening out "
            "of the recipe."
        )


def principal_components(
    examples: Examples,
    strategy: tf.distribute.Strategy,
    recipe: Recipe,
    check_stop: Callable[[], None] = lambda: None,
    poll_stop: Callable[[], None] = lambda: None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean, (features,), and Pᵀ, (features, components), float32.

    Args:
        examples: the training examples, without augmentation.
        strategy: the distribution strategy.
        recipe: for `whitening` (ε) and `components` (how many to keep).
        check_stop: called before every batch; raises if the training was asked to stop.
        poll_stop: called every tenth of a second afterwards; raises likewise.
    """

    def moments(x, y, counted, *_):
        weighted = x * counted[:, None]
        return tf.reduce_sum(weighted, axis=0), tf.matmul(weighted, x, transpose_a=True)

    total, squares = FullBatchSum(strategy, examples, moments, check_stop=check_stop).run()
    mean = total / len(examples)
    covariance = squares / len(examples) - np.outer(mean, mean)
    variances, directions = stoppable(lambda: np.linalg.eigh(covariance), poll_stop)
    # The largest first; a variance below 0 is a rounding error.
    kept = slice(-1, -1 - min(recipe.components or len(mean), len(mean)), -1)
    scale = 1 / np.sqrt(np.maximum(variances[kept], 0) + recipe.whitening)
    projection = np.ascontiguousarray(directions[:, kept] * scale, np.float32)
    return mean.astype(np.float32), projection


def whitened(
    model: keras.Model,
    strategy: tf.distribute.Strategy,
    mean: np.ndarray,
    projection: np.ndarray,
) -> keras.Model:
    """Return a model with a whitening layer, which shares the later layers of the given model.

    Args:
        model: a model that `check` accepts, compiled, built under the strategy's scope.
        strategy: the distribution strategy.
        mean: from `principal_components`.
        projection: from `principal_components`.
    """
    first, *others = model.get_layer("head").layers
    with strategy.scope():
        whitening = keras.layers.Dense(projection.shape[1], trainable=False, name="whitening")
        inner = keras.layers.Dense.from_config({**first.get_config(), "name": "whitened"})
        image = keras.Input(model.inputs[0].shape[1:], dtype=model.inputs[0].dtype, name="image")
        preprocessing = preprocessing_of(model)
        head = keras.Sequential([whitening, inner, *others], name="head")
        assert preprocessing is not None
        training_model = type(model)(image, head(preprocessing(image)), name=model.name)
        compile_alike(training_model, model)
        whitening.kernel.assign(projection)
        whitening.bias.assign(-mean @ projection)
    return training_model


def compile_alike(training_model: keras.Model, model: keras.Model) -> None:
    """Compile the training model as the model is, under the scope of the strategy."""
    # The compile config has the optimizer without the wrapper for half precision.
    settings = model.get_compile_config()
    settings["optimizer"] = keras.optimizers.serialize(model.optimizer)
    training_model.compile_from_config(settings)


def unfold(model: keras.Model, training_model: keras.Model, mean: np.ndarray) -> None:
    """Set the training model's first layer to compute what the model's does; inverse of `fold`.

    With fewer components than features, it computes it of the features' projection on them.

    Args:
        model: the model, with weights to start from.
        training_model: its `whitened` model.
        mean: the features' mean, from `principal_components`.
    """
    whitening, inner = training_model.get_layer("head").layers[:2]
    first = model.get_layer("head").layers[0]
    projection, weights, bias = (
        keras.ops.convert_to_numpy(array).astype(np.float64)
        for array in (whitening.kernel, first.kernel, first.bias)
    )
    # The columns of P are orthogonal, so that this is its pseudo-inverse.
    inverse = (projection / (projection**2).sum(axis=0)).T
    inner.kernel.assign((inverse @ weights).astype(np.float32))
    inner.bias.assign((bias + mean @ weights).astype(np.float32))


def fold(training_model: keras.Model, model: keras.Model) -> None:
    """Fold the whitening and the trained first layer into the model's first layer."""
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

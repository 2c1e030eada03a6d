"""The optimizer's update of all weights, compiled by XLA into one pass over each array.

Keras applies an optimizer operation by operation: AdamW reads and writes arrays of the size of the
weights more than ten times. XLA fuses the same operations, so that each array is read and written
once. The matrix products of a step are not compiled: XLA's are slower on a CPU.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

from zoo.training.gradient_sums import sum_of

# What only Keras's own `apply` does.
_OTHER_FEATURES = (
    "clipnorm",
    "clipvalue",
    "global_clipnorm",
    "loss_scale_factor",
    "gradient_accumulation_steps",
    "ema_overwrite_frequency",
)

# With fewer weights, compiling takes longer than a short training gains.
_FEWEST_WEIGHTS = 2**17

Apply = Callable[[Sequence[tf.Tensor]], None]


def update_of(model: keras.Model, strategy: tf.distribute.Strategy) -> Apply:
    """Return the function that applies gradients to a model's trainable variables.

    It computes what `model.optimizer.apply` computes, to rounding; with several replicas the
    gradients are summed first and the update of each replica is compiled. Plain SGD is one
    operation of TensorFlow per variable. Models of fewer than 131,072 weights, optimizers with
    gradient clipping, accumulation or loss scaling, and TPUs, which compile the whole step, use
    Keras's own function.

    Args:
        model: compiled, with a built optimizer.
        strategy: under whose scope the model was built. The function is called in its replicas.
    """
    optimizer, variables = model.optimizer, model.trainable_variables

    def keras_apply(gradients: Sequence[tf.Tensor]) -> None:
        optimizer.apply(gradients, variables)

    special = isinstance(optimizer, keras.optimizers.LossScaleOptimizer) or any(
        getattr(optimizer, feature, None) for feature in _OTHER_FEATURES
    )
    overwritten = any(variable.overwrite_with_gradient for variable in variables)
    plain = _is_plain_sgd(optimizer, variables)
    few = sum(int(np.prod(variable.shape)) for variable in variables) < _FEWEST_WEIGHTS
    other = special or overwritten or isinstance(strategy, tf.distribute.TPUStrategy)
    if other or (few and not plain):
        return keras_apply

    sum_over_replicas = sum_of(model, strategy)

    def compiled_apply(gradients: Sequence[tf.Tensor]) -> None:
        if any(gradient is None for gradient in gradients):
            keras_apply(gradients)
            return
        rate = tf.convert_to_tensor(optimizer.learning_rate)
        summed = sum_over_replicas(gradients)
        tf.distribute.get_replica_context().merge_call(
            _update_all_replicas, args=(optimizer, variables, summed, rate, plain)
        )
        optimizer.iterations.assign_add(1)

    return compiled_apply


def _update_all_replicas(strategy, optimizer, variables, gradients, learning_rate, plain):
    def update(_, gradients, learning_rate):
        if plain:
            for variable, gradient in zip(variables, gradients, strict=True):
                _descend(variable.value, gradient, learning_rate)
            return

        # A function per replica: it captures this replica's copies of the variables.
        @tf.function(autograph=False, jit_compile=True)
        def compiled(gradients, learning_rate):
            for variable, gradient in zip(variables, gradients, strict=True):
                _update(optimizer, variable, gradient, learning_rate)

        compiled(gradients, learning_rate)

    strategy.extended.update(
        variables[0].value, update, args=(gradients, learning_rate), group=False
    )


def _is_plain_sgd(optimizer: keras.Optimizer, variables: Sequence[keras.Variable]) -> bool:
    """Return whether the update is w ← w − r g, for which TensorFlow has one operation."""
    return (
        not any(variable.constraint for variable in variables)
        and type(optimizer) is keras.optimizers.SGD
        and not optimizer.momentum
        and not optimizer.weight_decay
        and not optimizer.use_ema
    )


def _descend(value, gradient, learning_rate):
    tf.raw_ops.ResourceApplyGradientDescent(
        var=value.handle,
        alpha=tf.cast(learning_rate, value.dtype),
        delta=tf.cast(gradient, value.dtype),
    )


def _update(optimizer, variable, gradient, learning_rate):
    value = variable.value
    decay = optimizer.weight_decay
    if decay is not None and optimizer._use_weight_decay(value):
        value.assign_sub(value * tf.cast(decay, value.dtype) * tf.cast(learning_rate, value.dtype))
    optimizer.update_step(gradient, value, learning_rate)
    if optimizer.use_ema:
        average = optimizer._model_variables_moving_average[optimizer._get_variable_index(value)]
        first = tf.equal(optimizer.iterations.value, 0)
        momentum = tf.where(first, 0.0, tf.cast(optimizer.ema_momentum, value.dtype))
        average.value.assign(momentum * average.value + (1 - momentum) * value)
    if variable.constraint is not None:
        value.assign(variable.constraint(value))

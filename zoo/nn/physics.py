"""Physics-informed networks: the residual of a differential equation as a part of the loss.

A network u(x) is trained so that a differential equation holds at the training points, and so do
its boundary and initial conditions (Lagaris et al., 1998; Raissi et al., 2019). An `Equation` is
the last layer of the network: what it computes from a point and the output of the layers before it
is u. Its methods say which equation u is to satisfy, and its weights are the coefficients.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import tensorflow as tf
from keras import ops

from zoo.nn.inputs import NumbersModel


class Derivatives(NamedTuple):
    """A function of several inputs and its derivatives at a batch of points.

    Args:
        value: u, (batch, 1).
        first: ∂u/∂xᵢ, (batch, inputs).
        second: ∂²u/∂xᵢ², (batch, inputs).
    """

    value: Any
    first: Any
    second: Any


def derivatives(function: Callable[[Any], Any], x: Any) -> Derivatives:
    """Return a function's value and derivatives at points, by automatic differentiation.

    Args:
        function: maps points, (batch, inputs), to values, (batch, 1), each row on its own.
        x: the points, (batch, inputs).

    >>> points = ops.convert_to_tensor([[2.0, 3.0]])
    >>> found = derivatives(lambda x: x[:, :1] ** 3 * x[:, 1:], points)
    >>> [ops.convert_to_numpy(part).tolist() for part in found]
    [[[24.0]], [[36.0, 8.0]], [[36.0, 0.0]]]
    """
    inputs = x.shape[-1]
    with tf.GradientTape(persistent=True, watch_accessed_variables=False) as outer:
        outer.watch(x)
        with tf.GradientTape(watch_accessed_variables=False) as inner:
            inner.watch(x)
            value = function(x)
        first = inner.gradient(value, x, unconnected_gradients="zero")
        slopes = [first[:, axis] for axis in range(inputs)]
    columns = [
        outer.gradient(slope, x, unconnected_gradients="zero")[:, axis]
        for axis, slope in enumerate(slopes)
    ]
    return Derivatives(value, first, ops.stack(columns, axis=1))


class Equation(keras.layers.Layer):
    """A differential equation with its conditions, and the last layer of a network that solves it.

    Subclasses define `residual`, and what else differs from these defaults. They add their
    coefficients in `build` by `add_coefficient`.

    Args:
        residual_weight: factor of the mean squared residual in the loss; 0 for a network that is
            fitted to observations only.
        condition_weight: factor of the mean squared errors of the conditions in the loss.
        data_weight: factor of the squared errors at observed points, averaged over all points of
            the batch, in the loss.
        **kwargs: of a Keras layer.
    """

    def __init__(self, residual_weight=1.0, condition_weight=1.0, data_weight=1.0, **kwargs):
        super().__init__(**kwargs)
        self.residual_weight = float(residual_weight)
        self.condition_weight = float(condition_weight)
        self.data_weight = float(data_weight)
        self._coefficients: dict[str, keras.Variable] = {}

    def add_coefficient(self, name: str, value: float, estimated: bool) -> keras.Variable:
        """Return a new weight, (1,), for a coefficient of the equation.

        Args:
            name: its name among the metrics, if it is estimated.
            value: its value before training.
            estimated: whether training changes it (an inverse problem).
        """
        weight = self.add_weight(
            name=name,
            shape=(1,),
            initializer=keras.initializers.Constant(value),
            trainable=estimated,
        )
        self._coefficients[name] = weight
        return weight

    def estimates(self) -> dict[str, Any]:
        """Return the coefficients that training changes, as scalars by name."""
        return {name: w[0] for name, w in self._coefficients.items() if w.trainable}

    def call(self, inputs):
        """Return u, (batch, 1); by default the second input.

        Args:
            inputs: points, (batch, inputs), and the output of the layer before, (batch, 1).
        """
        return inputs[1]

    def compute_output_shape(self, input_shape):
        """Return the shape of u."""
        return tuple(input_shape[1])

    def residual(self, x: Any, u: Derivatives) -> Any:
        """Return the equation's residual, (batch, 1), which is 0 for a solution.

        Args:
            x: points, (batch, inputs).
            u: the network and its derivatives there.
        """
        raise NotImplementedError

    def condition_errors(self, u: Callable[[Any], Any], x: Any) -> list[Any]:
        """Return errors, each (batch, 1), that are 0 if the penalised conditions hold.

        Args:
            u: the network, a function of points (batch, inputs).
            x: the batch's points, to be projected onto the boundary.
        """
        return []

    def observed(self, x: Any) -> Any:
        """Return where the target counts in the loss: (batch,), 0 or 1; by default nowhere."""
        return ops.zeros_like(x[:, 0])

    def get_config(self):
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "residual_weight": self.residual_weight,
            "condition_weight": self.condition_weight,
            "data_weight": self.data_weight,
        }


@keras.saving.register_keras_serializable("zoo")
class PhysicsModel(NumbersModel):
    """A model of numbers, x → head → u, whose head ends with an `Equation`, its loss.

    The loss is a sum of means over the batch: residual_weight · r², condition_weight · e² for each
    condition, and data_weight · (y − u)² where y is observed. Estimated coefficients are among the
    metrics under their names.
    """

    @property
    def equation(self) -> Equation:
        """The last layer of the head."""
        return self.get_layer("head").layers[-1]

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Return the loss, in the dtype of y_pred; the head is differentiated at x."""
        equation, head = self.equation, self.get_layer("head")
        x = ops.cast(x, y_pred.dtype)

        def mean_square(errors, counted=None):
            weight = sample_weight
            if counted is not None:
                weight = counted if weight is None else ops.cast(weight, counted.dtype) * counted
            # Keras's losses are scaled for the replicas of a strategy.
            loss = keras.losses.MeanSquaredError(dtype=y_pred.dtype)
            return loss(ops.zeros_like(errors), errors, weight)

        total = ops.zeros((), y_pred.dtype)
        if equation.residual_weight:
            total += equation.residual_weight * mean_square(self.residuals(x))
        if equation.condition_weight:
            for errors in equation.condition_errors(head, x):
                total += equation.condition_weight * mean_square(errors)
        if equation.data_weight and y is not None:
            errors = y_pred - ops.reshape(ops.cast(y, y_pred.dtype), ops.shape(y_pred))
            total += equation.data_weight * mean_square(errors, equation.observed(x))
        return total

    def residuals(self, x):
        """Return the equation's residual at points (batch, inputs), (batch, 1)."""
        return self.equation.residual(x, derivatives(self.get_layer("head"), x))

    def get_metrics_result(self):
        """Return the metrics, and the estimated coefficients."""
        return {**super().get_metrics_result(), **self.equation.estimates()}


@keras.saving.register_keras_serializable("zoo")
class MinMaxScaling(keras.layers.Layer):
    """Scales each input linearly from its range to −1 … 1.

    Args:
        low: the lower end of each input's range, (inputs,).
        high: the upper end.
        **kwargs: of a Keras layer.

    >>> MinMaxScaling([0.0, -2.0], [1.0, 2.0])(ops.convert_to_tensor([[0.5, 2.0]])).numpy().tolist()
    [[0.0, 1.0]]
    """

    def __init__(self, low, high, **kwargs):
        super().__init__(**kwargs)
        self.low, self.high = [[float(end) for end in ends] for ends in (low, high)]

    def call(self, inputs):
        """Return the scaled inputs, of the same shape."""
        low, high = (
            ops.convert_to_tensor(ends, dtype=self.compute_dtype) for ends in (self.low, self.high)
        )
        return 2 * (inputs - low) / (high - low) - 1

    def get_config(self):
        """Return the constructor's arguments."""
        return {**super().get_config(), "low": self.low, "high": self.high}

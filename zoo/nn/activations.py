"""The ten activations of slide 1, each usable by name in every builder."""

import keras
from keras import ops

from zoo.nn.activation_names import NAMES
from zoo.utils.choices import require_choice

LEAKY_SLOPE = 0.1


@ops.custom_gradient
def _straight_through(z):
    def gradient(*args, upstream=None):
        return args[0] if upstream is None else upstream

    return ops.cast(ops.greater_equal(z, 0), z.dtype), gradient


@keras.saving.register_keras_serializable("zoo")
def step(z):
    """Return 1 where z ≥ 0 and 0 elsewhere, with a straight-through gradient (slides 1 and 2).

    The lecture takes ∂y/∂wⱼ = xⱼ for the perceptron's output, which is the derivative of z: in
    backpropagation, the derivative of the step is replaced by 1.

    >>> print(step(ops.array([-0.5, 0.0, 2.0])).numpy())
    [0. 1. 1.]
    """
    return _straight_through(ops.convert_to_tensor(z))


@keras.saving.register_keras_serializable("zoo")
def sigmoid(z):
    """Return 1 / (1 + e⁻ᶻ) (slide 1)."""
    return ops.sigmoid(z)


@keras.saving.register_keras_serializable("zoo")
def linear(z):
    """Return z (slide 1)."""
    return z


@keras.saving.register_keras_serializable("zoo")
def leaky_relu(z):
    """Return max(0.1 z, z) (slide 1).

    >>> print(leaky_relu(ops.array([-2.0, 3.0])).numpy())
    [-0.2  3. ]
    """
    return ops.maximum(LEAKY_SLOPE * z, z)


@keras.saving.register_keras_serializable("zoo")
class PReLU(keras.layers.Layer):
    """Return max(α z, z) with one trainable slope α per unit, initially 0.25 (slide 1)."""

    def build(self, input_shape):
        """Create α, of the shape of one example."""
        self.alpha = self.add_weight(
            name="alpha", shape=input_shape[1:], initializer=keras.initializers.Constant(0.25)
        )

    def call(self, z):
        """Return max(α z, z)."""
        return ops.maximum(self.alpha * z, z)


@keras.saving.register_keras_serializable("zoo")
def elu(z):
    """Return z where z ≥ 0 and α(eᶻ − 1) elsewhere, with α = 1 (slide 1)."""
    return ops.elu(z)


@keras.saving.register_keras_serializable("zoo")
def tanh(z):
    """Return the hyperbolic tangent of z (slide 1)."""
    return ops.tanh(z)


@keras.saving.register_keras_serializable("zoo")
def swish(z):
    """Return z · sigmoid(z) (slide 1)."""
    return z * ops.sigmoid(z)


@keras.saving.register_keras_serializable("zoo")
def relu(z):
    """Return max(0, z) (slide 1)."""
    return ops.relu(z)


@keras.saving.register_keras_serializable("zoo")
def softplus(z):
    """Return log(1 + eᶻ) (slide 1)."""
    return ops.softplus(z)


_FUNCTIONS = {
    function.__name__: function
    for function in (step, sigmoid, linear, leaky_relu, elu, tanh, swish, relu, softplus)
}


def activation_layer(name: str, layer_name: str | None = None) -> keras.layers.Layer:
    """Return a new layer that applies the named activation, one of `NAMES`.

    Raises:
        UnknownNameError: for an unknown name.
    """
    require_choice("activation", name, NAMES)
    if name == "prelu":
        return PReLU(name=layer_name)
    return keras.layers.Activation(_FUNCTIONS[name], name=layer_name)

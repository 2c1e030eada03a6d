import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from zoo import ZooError
from zoo.nn import activations

Z = np.linspace(-4, 4, 41).astype("float32")
# The lecture's first slide, written out in numpy.
BY_THE_LECTURE = {
    "step": lambda z: np.where(z >= 0, 1, 0),
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "linear": lambda z: z,
    "leaky_relu": lambda z: np.maximum(0.1 * z, z),
    "prelu": lambda z: np.maximum(0.25 * z, z),
    "elu": lambda z: np.where(z >= 0, z, np.exp(z) - 1),
    "tanh": np.tanh,
    "swish": lambda z: z / (1 + np.exp(-z)),
    "relu": lambda z: np.maximum(0, z),
    "softplus": lambda z: np.log(1 + np.exp(z)),
}


@pytest.mark.parametrize("name", activations.NAMES)
def test_values_are_the_lecture_s(name):
    y = activations.activation_layer(name)(Z[None])
    np.testing.assert_allclose(y[0], BY_THE_LECTURE[name](Z.astype("float64")), atol=1e-6)


@pytest.mark.parametrize("name", [name for name in activations.NAMES if name != "step"])
def test_gradients_are_the_slopes_of_the_values(name):
    layer = activations.activation_layer(name)
    z = tf.constant(Z[np.abs(Z) > 0.05][None])
    with tf.GradientTape() as tape:
        tape.watch(z)
        y = layer(z)
    exact, h = BY_THE_LECTURE[name], 1e-6
    points = z.numpy()[0].astype("float64")
    slopes = (exact(points + h) - exact(points - h)) / (2 * h)
    np.testing.assert_allclose(tape.gradient(y, z)[0], slopes, atol=1e-5)


def test_the_gradient_passes_straight_through_the_step():
    z = tf.constant(Z)
    with tf.GradientTape() as tape:
        tape.watch(z)
        y = tf.reduce_sum(3.0 * activations.step(z))
    np.testing.assert_array_equal(tape.gradient(y, z), np.full_like(Z, 3.0))


def test_prelu_learns_its_slope():
    layer = activations.activation_layer("prelu")
    layer(Z[None])
    assert [tuple(weight.shape) for weight in layer.trainable_weights] == [Z.shape]


@pytest.mark.parametrize("name", activations.NAMES)
@pytest.mark.parametrize(
    ("model", "option"),
    [
        ("xor_mlp", "hidden_activation"),
        ("xor_mlp", "output_activation"),
        ("cifar_softmax", "activation"),
        ("deep_relu", "activation"),
    ],
)
def test_every_activation_is_usable_by_name_in_every_builder(model, option, name, tmp_path):
    small = {"size": 2} if model != "xor_mlp" else {}
    small |= {"width": 3} if model == "deep_relu" else {}
    built = zoo.build(model, **{option: name}, **small)
    x = np.zeros((2, 4, 4, 3), "uint8") if small else np.zeros((2, 2), "float32")
    path = tmp_path / "model.keras"
    built.save(path)
    again = keras.models.load_model(path, compile=False)
    np.testing.assert_array_equal(built(x), again(x))


def test_an_unknown_activation_is_answered_with_the_near_misses():
    with pytest.raises(ZooError, match="did you mean softplus"):
        activations.activation_layer("softpls")

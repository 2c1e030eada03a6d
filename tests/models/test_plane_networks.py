"""The networks of the plane, with widths and activations layer by layer."""

import keras
import numpy as np
import pytest

import zoo
from zoo.errors import ZooError
from zoo.nn.activations import PReLU

MODELS = ("plane_classifier", "plane_regressor")


@pytest.mark.parametrize("name", MODELS)
def test_widths_and_activations_are_those_of_the_layers(name):
    model = zoo.build(name, widths="5, 3,7", activations="relu, prelu,tanh", features="x1,x1*x2,x2")
    layers = model.get_layer("head").layers
    dense = [layer for layer in layers if isinstance(layer, keras.layers.Dense)]
    assert [layer.kernel.shape for layer in dense] == [(3, 5), (5, 3), (3, 7), (7, 1)]
    assert sum(isinstance(layer, PReLU) for layer in layers) == 1
    outputs = model(np.random.default_rng(0).normal(0, 100, (50, 2)).astype(np.float32)).numpy()
    assert outputs.shape == (50, 1)
    if name == "plane_classifier":
        assert outputs.min() >= 0
        assert outputs.max() <= 1


def test_without_a_hidden_layer_it_is_linear():
    model = zoo.build("plane_regressor", widths="", inputs=3)
    assert [weights.shape for weights in model.get_weights()] == [(3, 1), (1,)]


@pytest.mark.parametrize(
    ("options", "loss"),
    [({"regularization": "l1"}, lambda w: np.abs(w)), ({"regularization": "l2"}, np.square)],
)
@pytest.mark.parametrize("name", MODELS)
def test_regularization_is_that_of_all_kernels(name, options, loss):
    model = zoo.build(name, regularization_rate=0.25, **options)
    kernels = model.get_weights()[::2]
    expected = 0.25 * sum(loss(kernel.astype(np.float64)).sum() for kernel in kernels)
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)
    assert not zoo.build(name, regularization="l2").losses


def test_cross_entropy_and_half_squared_error():
    x = np.array([[1.0, 2.0], [-3.0, 0.5]], np.float32)
    y = np.array([1, 0])
    for loss in ("half_squared", "cross_entropy"):
        model = zoo.build("plane_classifier", loss=loss)
        p = model(x).numpy()[:, 0].astype(np.float64)
        expected = {
            "half_squared": np.mean((p - y) ** 2) / 2,
            "cross_entropy": -np.mean(np.log([p[0], 1 - p[1]])),
        }
        assert model.evaluate(x, y, verbose=0)[0] == pytest.approx(expected[loss], rel=1e-5)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"widths": "4,0"}, "Option 'widths' is '4,0'; give whole numbers from 1 up"),
        ({"widths": "4;2"}, "Option 'widths' is '4;2'"),
        ({"activations": "relu,tanh,tanh"}, "names 3 for 2 hidden layers; give one for each"),
        ({"activations": "rleu"}, "did you mean"),
        ({"dropout": 1.0}, "Option 'dropout' is 1.0"),
        ({"regularization": "l3"}, "There is no regularization 'l3'"),
        ({"regularization_rate": -1.0}, "give a number from 0 up"),
        ({"features": "x1,x3"}, "The feature x3 needs 3 inputs"),
    ],
)
@pytest.mark.parametrize("name", MODELS)
def test_a_wrong_option_is_one_sentence(name, options, sentence):
    with pytest.raises(ZooError) as caught:
        zoo.build(name, **options)
    assert sentence in str(caught.value)

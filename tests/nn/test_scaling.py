"""The scaling of numbers by their statistics, which are weights of the model."""

import keras
import numpy as np
import pytest

import zoo
from zoo.nn.scaling import Standardization, input_scaling, output_scaling
from zoo.training.scaling import statistics

# Age, income and year: units that float32 holds and 8 or 16 bits do not.
ROWS = np.random.default_rng(0).normal([40, 5e5, 2000], [20, 3e5, 6], (500, 3)).astype("float32")
MEAN, VARIANCE = ROWS.astype("float64").mean(axis=0), ROWS.astype("float64").var(axis=0)


def built(**options):
    model = zoo.build("deep_regression", inputs=3, values=2, standardize=True, **options)
    input_scaling(model).set_statistics(MEAN, VARIANCE)
    output_scaling(model).set_statistics([100, -1e4], [4, 1e8])
    return model


@pytest.mark.parametrize("invert", [False, True])
def test_it_is_keras_s_normalization(invert):
    ours, keras_s = Standardization(invert=invert), keras.layers.Normalization(invert=invert)
    for layer in (ours, keras_s):
        layer.adapt(ROWS)
    np.testing.assert_allclose(ours(ROWS), keras_s(ROWS), rtol=1e-6, atol=1e-6)


def test_statistics_follow_the_weights_whatever_sets_them(tmp_path):
    model, other = built(), zoo.build("deep_regression", inputs=3, values=2, standardize=True)
    expected = model.predict(ROWS, verbose=0)
    before = other.predict(ROWS, verbose=0)
    assert np.abs(before - expected).max() > 100
    other.set_weights(model.get_weights())
    np.testing.assert_array_equal(other.predict(ROWS, verbose=0), expected)
    other.set_weights([weight * 0 for weight in model.get_weights()])
    for variable, weight in zip(other.variables, model.variables, strict=False):
        variable.assign(weight)
    np.testing.assert_array_equal(other.predict(ROWS, verbose=0), expected)
    model.save(tmp_path / "model.keras")
    again = zoo.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict(ROWS, verbose=0), expected)
    assert type(again) is type(model)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_scaling_computes_in_float32_under_mixed_precision(precision):
    exact = built().get_layer("preprocessing")(ROWS)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        model = built()
        features = model.get_layer("preprocessing")(ROWS)
        assert model.predict(ROWS, verbose=0).dtype == np.float32
    finally:
        keras.config.set_dtype_policy(before)
    assert features.dtype == "float32"
    np.testing.assert_allclose(features, exact, atol=1e-6)


def test_the_loss_is_that_of_standardized_values():
    model = built()
    y = np.random.default_rng(1).normal([100, -1e4], [2, 1e4], (500, 2)).astype("float32")
    errors = (model.predict(ROWS, verbose=0).astype("float64") - y) / [2, 1e4]
    found = model.evaluate(ROWS, y, return_dict=True, verbose=0)
    assert found["loss"] == pytest.approx(np.mean(errors**2), rel=1e-4)
    # The metrics stay in the values' own units.
    assert found["rmse"] == pytest.approx(np.sqrt(np.mean((errors * [2, 1e4]) ** 2)), rel=1e-4)


def test_statistics_are_exact_and_a_constant_column_has_variance_1():
    rows = np.column_stack([ROWS, np.full(len(ROWS), 0.1, "float32")])
    mean, variance = statistics(rows)
    np.testing.assert_allclose(mean[:3], MEAN, rtol=1e-6)
    np.testing.assert_allclose(variance[:3], VARIANCE, rtol=1e-6)
    assert (mean[3], variance[3]) == (np.float32(0.1), 1)

"""What every registered model keeps to; a new model is tested without a new test."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from zoo import data

MODELS = zoo.list_models()
# A step's gradient is not its slope (it passes straight through), so there is none to compare.
SMOOTH = [name for name in MODELS if "step" not in zoo.describe(name).equation]


def inputs_of(model, count, seed=0):
    random = np.random.default_rng(seed)
    if model.inputs[0].name == "image":
        return random.integers(0, 256, (count, 24, 31, 3)).astype("uint8")
    return random.uniform(-1, 1, (count, model.input_shape[1])).astype("float32")


def count_of(name):
    """Return the number of values or labels of a model's data set."""
    spec = data.describe(zoo.describe(name).dataset)
    return len(spec.values or spec.labels)


def labels_for(name, count):
    index = np.arange(count) % 2
    if zoo.describe(name).task.name == "values":
        # Different for every value, so that no box and no torso is empty; and far from what a model
        # begins with, where an absolute error has no kink.
        values = 3 + np.arange(count_of(name)) / 8
        return (index[:, None] + values).astype("float32")
    return (2 * index - 1).astype("float32") if zoo.describe(name).task.name == "sign" else index


@pytest.mark.parametrize("name", MODELS)
def test_a_builder_returns_a_compiled_model_that_takes_raw_inputs(name):
    model = zoo.build(name)
    assert isinstance(model, keras.Model)
    assert model.name == name
    assert model.compiled
    names = [layer.name for layer in model.layers]
    if model.inputs[0].name == "image":
        assert model.inputs[0].dtype == "uint8"
        assert model.input_shape == (None, None, None, 3)
        assert names == ["image", "preprocessing", "head"]
    else:
        assert names == ["x", "head"]
    outputs = count_of(name) if zoo.describe(name).task.name in ("classes", "values") else 1
    assert model.output_shape == (None, outputs)


@pytest.mark.parametrize("name", MODELS)
def test_fit_evaluate_and_predict_work_as_in_any_keras_model(name):
    model = zoo.build(name)
    x, y = inputs_of(model, 8), labels_for(name, 8)
    history = model.fit(x, y, batch_size=4, epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    outputs = model.predict(x, verbose=0)
    assert outputs.dtype == np.float32
    task = zoo.describe(name).task
    evaluated = model.evaluate(x, y, return_dict=True, verbose=0)
    measured = task.measure(outputs, y > 0 if task.name == "sign" else y)
    assert evaluated == pytest.approx({"loss": evaluated["loss"], **measured})


@pytest.mark.parametrize("name", MODELS)
def test_a_saved_model_comes_back_the_same(name, tmp_path):
    model = zoo.build(name)
    x = inputs_of(model, 5)
    model.fit(x, labels_for(name, 5), verbose=0)
    model.save(tmp_path / "model.keras")
    again = zoo.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(model.predict(x, verbose=0), again.predict(x, verbose=0))
    assert again.compiled


@pytest.mark.parametrize("name", MODELS)
def test_the_same_seed_gives_the_same_weights(name):
    weights = []
    for _ in range(2):
        keras.utils.set_random_seed(7)
        weights.append(zoo.build(name).get_weights())
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", SMOOTH)
def test_backpropagation_agrees_with_numerical_gradients(name):
    """Lecture row 7: ∂L/∂w by the graph against (L(w + h) − L(w − h)) / 2h."""
    takes_photos = data.describe(zoo.describe(name).dataset).kind == "image"
    small = {"size": 4} if takes_photos and "size" in zoo.describe(name).options else {}
    keras.utils.set_random_seed(5)
    model = zoo.build(name, **small)
    x, y = inputs_of(model, 6), labels_for(name, 6)
    random = np.random.default_rng(3)
    for weight in model.trainable_weights:
        weight.assign_add(random.normal(0, 0.1, weight.shape))

    def loss():
        return model.compute_loss(x, y, model(x, training=False), training=False)

    with tf.GradientTape() as tape:
        value = loss()
    gradients = tape.gradient(value, model.trainable_variables)
    assert max(float(tf.reduce_max(tf.abs(gradient))) for gradient in gradients) > 0.01
    # The rounding of a loss is as large as the loss, such as that of a physics-informed network,
    # which begins with second derivatives of any size.
    tolerance = 1e-3 * max(1.0, float(value))
    h = 1e-3
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        start = variable.numpy()
        for index in random.choice(start.size, min(4, start.size), replace=False):
            at = np.unravel_index(index, start.shape)
            values = []
            for shift in (h, -h):
                moved = start.copy()
                moved[at] += shift
                variable.assign(moved)
                values.append(float(loss()))
            variable.assign(start)
            numerical = (values[0] - values[1]) / (2 * h)
            assert numerical == pytest.approx(float(gradient.numpy()[at]), abs=tolerance)


@pytest.mark.parametrize("name", [name for name in MODELS if name not in SMOOTH])
def test_backpropagation_passes_straight_through_a_step(name):
    """∂L/∂w is (y − ŷ) ∂z/∂w for y = step(z), against (z(w + h) − z(w − h)) / 2h."""
    model = zoo.build(name)
    head = model.get_layer("head")
    # All layers but the step.
    below = keras.Sequential([*model.layers[1:-1], *head.layers[:-1]])
    x, y = inputs_of(model, 6), np.float64(labels_for(name, 6))
    random = np.random.default_rng(3)
    for weight in model.trainable_weights:
        weight.assign_add(random.normal(0, 0.1, weight.shape))
    errors = np.float64(model(x))[:, 0] - y
    assert errors.any()
    with tf.GradientTape() as tape:
        value = model.compute_loss(x, y, model(x, training=False), training=False)
    gradients = tape.gradient(value, model.trainable_variables)
    h = 0.5
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        start = variable.numpy()
        for index in random.choice(start.size, min(8, start.size), replace=False):
            at = np.unravel_index(index, start.shape)
            slopes = np.zeros(len(y))
            for shift in (h, -h):
                moved = start.copy()
                moved[at] += shift
                variable.assign(moved)
                slopes += np.float64(below(x))[:, 0] / (2 * shift)
            variable.assign(start)
            assert float(gradient.numpy()[at]) == pytest.approx((errors * slopes).mean(), abs=1e-4)


NUMBERS = [name for name in MODELS if "standardize" in zoo.describe(name).options]


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("name", NUMBERS)
def test_models_take_rows_of_any_number_of_numbers(name, standardize):
    options = {"inputs": 3, "standardize": standardize}
    model = zoo.build(name, **options)
    layers = ["x", "preprocessing", "head"] if standardize else ["x", "head"]
    assert [layer.name for layer in model.layers] == layers
    x, y = inputs_of(model, 8), labels_for(name, 8)
    assert np.isfinite(model.fit(x, y, epochs=2, verbose=0).history["loss"]).all()
    with pytest.raises(zoo.ZooError, match="rows of 3 numbers"):
        model.predict(x[:, :2], verbose=0)


@pytest.mark.parametrize("name", NUMBERS)
def test_a_negative_number_of_inputs_is_refused(name):
    with pytest.raises(zoo.ZooError, match=r"'inputs' is -1|inputs.* -1"):
        zoo.build(name, inputs=-1)


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_deep_relu_computes_the_lecture_s_formula(depth):
    """f = softmax(W₃ max(0, W₂ max(0, W₁x + b₁) + b₂) + b₃), row 8, for any depth."""
    model = zoo.build("deep_relu", depth=depth, width=16)
    photo = inputs_of(model, 3)
    x = model.get_layer("preprocessing")(photo).numpy().astype("float64")
    weights = model.get_layer("head").get_weights()
    for layer in range(depth):
        x = np.maximum(0, x @ weights[2 * layer] + weights[2 * layer + 1])
    logits = x @ weights[-2] + weights[-1]
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict(photo, verbose=0), expected, atol=1e-5)


def test_the_slides_shapes_of_w():
    assert zoo.build("linear_cat_dog").get_layer("head").get_weights()[0].shape == (4096, 1)
    assert zoo.build("cifar_softmax").get_layer("head").get_weights()[0].shape == (4096, 10)
    colour = zoo.build("cifar_softmax", grayscale=False, size=32)
    assert colour.get_layer("head").get_weights()[0].shape == (3072, 10)


def test_normalization_and_dropout_are_there_when_asked_for():
    model = zoo.build("deep_relu", depth=1, width=8, normalization="batch", dropout=0.5)
    kinds = [type(layer).__name__ for layer in model.get_layer("head").layers]
    assert kinds == ["Dense", "BatchNormalization", "Activation", "Dropout", "Dense", "Activation"]
    assert model.get_layer("head").layers[1].synchronized

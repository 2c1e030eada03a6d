"""Models reject inputs of a wrong dtype or shape in one sentence, and accept gray photos."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from zoo import ZooError

SMALL = {"deep_relu": {"depth": 1, "width": 8}}
MODELS = {name: zoo.build(name, **SMALL.get(name, {})) for name in zoo.list_models()}
PHOTO_MODELS = [name for name, model in MODELS.items() if model.inputs[0].name == "image"]
GRAY = np.random.default_rng(0).integers(0, 256, (6, 28, 28)).astype("uint8")
COLOUR = np.repeat(GRAY[..., None], 3, axis=-1)
LABELS = np.arange(6) % 2
WAYS = {
    "call": lambda model, x: model(x),
    "predict": lambda model, x: model.predict(x, verbose=0),
    "predict_on_batch": lambda model, x: model.predict_on_batch(x),
    "evaluate": lambda model, x: model.evaluate(x, LABELS[: len(x)], verbose=0),
    "fit": lambda model, x: model.fit(x, LABELS[: len(x)], verbose=0),
    "train_on_batch": lambda model, x: model.train_on_batch(x, LABELS[: len(x)]),
    "pipeline": lambda model, x: model.evaluate(
        tf.data.Dataset.from_tensor_slices((x, LABELS[: len(x)])).batch(4), verbose=0
    ),
}
WRONG = {
    "floats from 0 to 1": (COLOUR / 255, "float64.*as dtype uint8"),
    "float32": (COLOUR.astype("float32"), "float32"),
    "whole numbers of another type": (COLOUR.astype("int64"), "int64"),
    "four channels": (np.zeros((2, 8, 8, 4), "uint8"), "gray photos"),
}


@pytest.fixture
def model(request):
    """One of the models, its weights put back afterwards."""
    built = MODELS[request.param]
    weights = built.get_weights()
    yield built
    built.set_weights(weights)


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("model", ["deep_relu", "linear_cat_dog"], indirect=True)
def test_an_input_that_is_not_a_photo_is_rejected_in_one_sentence(model, way, wrong):
    x, message = WRONG[wrong]
    with pytest.raises(ZooError, match=message) as caught:
        WAYS[way](model, x)
    assert "\n" not in str(caught.value)
    assert model.predict(COLOUR, verbose=0).shape[0] == 6


@pytest.mark.parametrize("way", [way for way in WAYS if way != "pipeline"])
@pytest.mark.parametrize("model", ["cifar_softmax"], indirect=True)
def test_one_photo_is_to_be_given_as_a_batch_of_one(model, way):
    with pytest.raises(ZooError, match=r"photo\[None\]"):
        WAYS[way](model, COLOUR[0])


@pytest.mark.parametrize("model", PHOTO_MODELS, indirect=True)
def test_gray_photos_are_accepted_and_the_next_call_is_as_the_first(model):
    # Another order of sizes and ranks, as a program that goes on would ask.
    for x in (GRAY, GRAY[..., None], COLOUR, GRAY[:, :20], tf.constant(GRAY)):
        colour = np.asarray(x) if len(x.shape) == 4 else np.asarray(x)[..., None]
        colour = np.ascontiguousarray(np.broadcast_to(colour, (*colour.shape[:3], 3)))
        expected = model(colour).numpy()
        for way in ("call", "predict", "predict_on_batch"):
            # A network of several layers adds up in another order.
            np.testing.assert_allclose(WAYS[way](model, x), expected, atol=1e-5)


@pytest.mark.parametrize("way", ["evaluate", "fit", "train_on_batch", "pipeline"])
@pytest.mark.parametrize("model", ["deep_relu"], indirect=True)
def test_learning_from_gray_is_learning_from_gray_in_three_channels(model, way):
    start = model.get_weights()
    found = []
    for x in (GRAY, GRAY[..., None], COLOUR):
        model.set_weights(start)
        keras.utils.set_random_seed(0)
        model.compile_from_config(model.get_compile_config())
        WAYS[way](model, x)
        found.append(np.concatenate([weight.ravel() for weight in model.get_weights()]))
    np.testing.assert_allclose(found[0], found[2], atol=1e-6)
    np.testing.assert_allclose(found[1], found[2], atol=1e-6)


def test_a_generator_of_floats_is_refused_in_one_sentence_too():
    def batches():
        while True:
            yield COLOUR / 255, LABELS

    with pytest.raises(ZooError) as caught:
        MODELS["deep_relu"].fit(batches(), steps_per_epoch=1, verbose=0, shuffle=False)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", PHOTO_MODELS)
def test_photo_models_are_parts_of_larger_ones(name):
    model = MODELS[name]
    with pytest.raises(ZooError, match="uint8"):
        model(keras.Input((8, 8, 3)))
    photo = keras.Input((8, 8), dtype="uint8")
    larger = keras.Model(photo, model(photo))
    x = GRAY[:, :8, :8]
    np.testing.assert_allclose(larger(x), model(np.repeat(x[..., None], 3, -1)), atol=1e-6)


@pytest.mark.parametrize("name", zoo.list_models())
def test_a_saved_model_takes_and_refuses_the_same(name, tmp_path):
    MODELS[name].save(tmp_path / "model.keras")
    loaded = zoo.load_model(tmp_path)
    assert type(loaded) is type(MODELS[name])
    assert loaded.inputs[0].dtype == MODELS[name].inputs[0].dtype
    with pytest.raises(ZooError):
        loaded(np.zeros((2, 7), "float32"))


@pytest.mark.parametrize("x", [np.zeros(2), np.zeros((3, 4)), np.array([["a", "b"]])])
@pytest.mark.parametrize("way", ["call", "predict"])
def test_rows_of_another_length_are_refused_in_one_sentence(way, x):
    with pytest.raises(ZooError, match="rows of 2 numbers") as caught:
        WAYS[way](MODELS["perceptron"], x)
    assert "\n" not in str(caught.value)
    assert MODELS["perceptron"](np.zeros((3, 2), int)).shape == (3, 1)

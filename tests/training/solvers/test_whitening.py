"""A first layer trained on whitened features is, afterwards, an ordinary first layer."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from zoo import ZooError
from zoo.data.dataset import Split
from zoo.registry.recipes import Recipe
from zoo.training.examples import ResidentExamples
from zoo.training.solvers.whitening import check, fold, principal_components, unfold, whitened


@pytest.fixture(scope="module")
def photos():
    random = np.random.default_rng(0)
    # Neighbouring pixels are alike, as in photos.
    rough = random.normal(128, 60, (600, 2, 2, 3)).repeat(2, axis=1).repeat(2, axis=2)
    return np.clip(rough + random.normal(0, 8, (600, 4, 4, 3)), 0, 255).astype("uint8")


def pair(photos, **recipe):
    keras.utils.set_random_seed(1)
    model = zoo.build("deep_relu", size=4, width=8, normalization="batch")
    strategy = tf.distribute.get_strategy()
    examples = ResidentExamples(model, strategy, Split(photos, np.zeros(len(photos), "int64")))
    chosen = Recipe(epochs=1, batch_size=1, learning_rate=1.0, **recipe)
    found = principal_components(examples, strategy, chosen)
    return model, whitened(model, strategy, *found)


@pytest.mark.parametrize("components", [0, 10])
def test_the_features_have_mean_0_and_the_variance_they_should(components, photos):
    _, training_model = pair(photos, whitening=0.01, components=components)
    whitening = training_model.get_layer("head").layers[0]
    features = whitening(training_model.get_layer("preprocessing")(photos)).numpy()
    assert features.shape == (600, components or 48)
    np.testing.assert_allclose(features.mean(axis=0), 0, atol=1e-4)
    covariance = np.cov(features, rowvar=False, bias=True)
    pixels = training_model.get_layer("preprocessing")(photos).numpy()
    variances = np.linalg.eigvalsh(np.cov(pixels, rowvar=False, bias=True))[::-1]
    expected = np.diag(variances / (variances + 0.01))[: len(covariance), : len(covariance)]
    np.testing.assert_allclose(covariance, expected, atol=1e-4)


def test_the_model_answers_as_its_learner_did(photos):
    model, training_model = pair(photos, whitening=0.1, components=20)
    training_model.fit(photos, np.arange(600) % 10, 100, epochs=2, verbose=0)
    fold(training_model, model)
    np.testing.assert_allclose(
        model.predict(photos, verbose=0), training_model.predict(photos, verbose=0), atol=1e-5
    )


def test_weights_to_start_from_compute_the_same_behind_the_whitening(photos):
    keras.utils.set_random_seed(1)
    model = zoo.build("deep_relu", size=4, width=8)
    strategy = tf.distribute.get_strategy()
    examples = ResidentExamples(model, strategy, Split(photos, np.zeros(len(photos), "int64")))
    recipe = Recipe(epochs=1, batch_size=1, learning_rate=1.0, whitening=0.01)
    mean, projection = principal_components(examples, strategy, recipe)
    training_model = whitened(model, strategy, mean, projection)
    model.get_layer("head").layers[0].bias.assign(np.linspace(-1, 1, 8))
    expected = model.predict(photos, verbose=0)
    unfold(model, training_model, mean)
    np.testing.assert_allclose(training_model.predict(photos, verbose=0), expected, atol=1e-5)


def test_a_model_without_a_dense_layer_first_cannot_be_whitened():
    image = keras.Input((None, None, 3), dtype="uint8", name="image")
    head = keras.Sequential([keras.layers.Flatten()], name="head")
    other = keras.Model(image, head(keras.layers.Rescaling(1.0, name="preprocessing")(image)))
    with pytest.raises(ZooError, match="begins with a trainable dense layer"):
        check(other)

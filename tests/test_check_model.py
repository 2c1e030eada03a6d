"""The checks of a model: every registered one passes, and each kind of mistake is found."""

import keras
import numpy as np
import pytest

import zoo
import zoo.testing
from zoo.registry import Recipe, Threshold, models, register

# Two models by default, one of each kind of solver's first recipe would take minutes.
QUICK = ("perceptron", "xor_mlp")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in QUICK else pytest.mark.slow)
        for name in zoo.list_models()
    ],
)
def test_every_registered_model_passes(name, tfds_dir, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tfds_dir))
    zoo.testing.check_model(name)


@pytest.fixture
def registered(monkeypatch):
    """Register a builder of this test's under the name "tested", until its end."""
    monkeypatch.setattr(models, "_specs", dict(models._specs))

    def add(builder):
        register(
            "tested",
            task=Threshold(0.5),
            dataset="blobs",
            equation="y = x",
            output="a number",
            recipes={"r": Recipe(epochs=1, batch_size=2, learning_rate=0.1)},
        )(builder)
        return "tested"

    return add


def built(layers=None, head="head", name="x", **compiled):
    """Return a model of two numbers; what is given spoils it."""
    x = keras.Input((2,), name=name)
    layers = layers or [keras.layers.Dense(1)]
    model = keras.Model(x, keras.Sequential(layers, name=head)(x), name="tested")
    accuracy = keras.metrics.BinaryAccuracy(name="accuracy")
    how = {"loss": "mean_squared_error", "weighted_metrics": [accuracy], **compiled}
    model.compile(optimizer="sgd", **how)
    return model


class Noisy(keras.layers.Layer):
    """Adds what no seed of Keras's decides."""

    def call(self, x):
        return x + np.random.default_rng().normal()


def _started(*_, **__):
    return np.random.default_rng().normal(size=(2, 1)).astype("float32")


@pytest.mark.parametrize(
    ("spoilt", "message"),
    [
        ({"head": "top"}, "check_build: tested has no layer named head"),
        ({"name": "numbers"}, "check_build: tested has the inputs numbers"),
        ({"metrics": ["mae"]}, "check_build: tested is compiled with metrics"),
        ({"loss": None}, "check_build: tested is not compiled with a loss"),
        (
            {"layers": lambda: [keras.layers.Dense(1, kernel_initializer=_started)]},
            "check_build: tested begins with other weights",
        ),
    ],
)
def test_a_mistake_is_one_sentence_with_the_check_s_name(registered, spoilt, message):
    def builder():
        """Build a model with a mistake in it."""
        parts = {what: part() if callable(part) else part for what, part in spoilt.items()}
        return built(**parts)

    with pytest.raises(zoo.testing.CheckError, match=message) as caught:
        zoo.testing.check_model(registered(builder))
    assert len(str(caught.value).splitlines()) == 1


def test_an_option_that_the_docstring_does_not_tell_of_is_found(registered):
    def builder(units: int = 1):
        """Build a model."""
        return built()

    checks = dict(zoo.testing.model_checks(registered(builder)))
    with pytest.raises(zoo.testing.CheckError, match="the option 'units'"):
        checks["check_specification"]()


def test_randomness_that_no_seed_decides_is_found_by_a_resume(registered, monkeypatch):
    def builder():
        """Build a model that is another one each time."""
        return built([Noisy(), keras.layers.Dense(1)])

    monkeypatch.setitem(keras.saving.get_custom_objects(), "Noisy", Noisy)
    for check, run in zoo.testing.model_checks(registered(builder)):
        if check == "check_resume":
            (subject,) = run.args
            subject.train("run")
            with pytest.raises(zoo.testing.CheckError, match="after a stop and a resume"):
                run()


def test_examples_are_taken_of_a_data_set_whose_name_has_a_colon():
    with zoo.testing.few_examples("curve:step") as name:
        assert name.isidentifier()
        few, whole = zoo.data.load(name), zoo.data.load("curve:step")
        assert len(few.train) == 8
        assert (few.train.x[0], few.train.x[-1]) == (whole.train.x[0], whole.train.x[-1])
    assert name not in zoo.data.list_datasets()

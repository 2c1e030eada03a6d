"""Training from trained weights: taken over where they fit, and refused in a sentence where not."""

import json
import os
import shutil
import signal

import numpy as np
import pytest

import zoo
from zoo import ZooError
from zoo.errors import Preempted
from zoo.nn.loading import load_model
from zoo.registry.recipes import Recipe
from zoo.training.reporter import Silent
from zoo.training.run_folder import RunFolder
from zoo.training.start import weights_of
from zoo.utils.files import sha256

OPTIONS = {"size": 4, "width": 8}
RECIPE = Recipe(epochs=2, batch_size=16, learning_rate=0.01)
# A rate at which no weight changes, so that the trained model shows what it started from.
STILL = Recipe(epochs=1, batch_size=16, learning_rate=1e-30)


class Heard(Silent):
    def __init__(self, stop_at=0):
        self.sentences, self.stop_at = [], stop_at

    def say(self, sentence):
        self.sentences.append(sentence)

    def epoch_end(self, row):
        if row["epoch"] == self.stop_at:
            os.kill(os.getpid(), signal.SIGTERM)


@pytest.fixture(scope="module")
def places(small_photos, tmp_path_factory):
    """Folders of the same photos: two classes, the same with other names, and three classes."""
    folder = tmp_path_factory.mktemp("places")
    photos = [sorted((small_photos / name).iterdir())[:24] for name in ("cat", "dog")]
    classes = {
        "two": {"cat": photos[0], "dog": photos[1]},
        "renamed": {"Hund": photos[1], "Katze": photos[0]},
        "three": {"cat": photos[0], "dog": photos[1][:12], "wolf": photos[1][12:]},
    }
    for place, labels in classes.items():
        for label, paths in labels.items():
            (folder / place / label).mkdir(parents=True)
            for path in paths:
                shutil.copy(path, folder / place / label)
    return folder


@pytest.fixture(scope="module")
def trained(places):
    """A run on two classes."""
    return train(places / "run", places / "two", options=OPTIONS)


def train(run, place, recipe=RECIPE, name="deep_relu", **settings):
    settings = {"dataset": "photos", "data_dir": place, **settings}
    zoo.train(name, recipe=recipe, run_dir=run, **settings)
    return run


def weights(run):
    return [weight.numpy() for weight in weights_of(load_model(run))]


def equal(one, other):
    return [np.array_equal(a, b) for a, b in zip(one, other, strict=True)]


def test_the_same_classes_keep_every_weight_and_the_source_is_recorded(trained, places, tmp_path):
    heard = Heard()
    run = train(tmp_path, places / "two", STILL, start_from=trained, reporter=heard)
    assert all(equal(weights(run), weights(trained)))
    assert f"Starting from the weights of {trained}." in heard.sentences
    assert not any("anew" in sentence for sentence in heard.sentences)
    config = RunFolder(run).config()
    assert config["options"]["width"] == OPTIONS["width"]
    assert config["start_from"]["sha256"] == sha256(trained / "model.keras")
    assert config["settings"]["start_from"] == str(trained)


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("three", "The last layer, logits, has 3 outputs instead of 2 and starts anew."),
        ("renamed", "The last layer, logits, starts anew, since the data has other labels or "),
    ],
)
def test_other_classes_start_with_a_new_last_layer(place, sentence, trained, places, tmp_path):
    heard = Heard()
    run = train(tmp_path, places / place, STILL, start_from=trained, reporter=heard)
    (found,) = (text for text in heard.sentences if "anew" in text)
    assert found.startswith(sentence)
    zipped = list(zip(weights(run), weights(trained), strict=True))
    assert all(np.array_equal(one, other) for one, other in zipped[:-2])
    assert not np.array_equal(*zipped[-2])


def test_it_starts_once_and_resumes_to_the_same_weights(trained, places, tmp_path):
    source = shutil.copytree(trained, tmp_path / "source")
    recipe = Recipe(4, 16, 0.01, whitening=1.0, components=30, averaging=0.5, patience=2)
    settings = {"recipe": recipe, "start_from": source}
    whole = train(tmp_path / "whole", places / "three", **settings)
    with pytest.raises(Preempted):
        train(tmp_path / "parts", places / "three", reporter=Heard(stop_at=1), **settings)
    # What it started from is not needed again.
    shutil.rmtree(source)
    parts = train(tmp_path / "parts", places / "three", **settings)
    assert all(equal(weights(whole), weights(parts)))
    train(tmp_path / "source", places / "two", options=OPTIONS, seed=1)
    other = train(tmp_path / "other", places / "two", options=OPTIONS, seed=2)
    with pytest.raises(ZooError, match="its start_from is"):
        train(tmp_path / "parts", places / "three", recipe=recipe, start_from=other)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"options": {"width": 9}}, "from the layer hidden_1 on, .* with width=9; give --set wid"),
        ({"options": {"depth": 1}}, "not trained with depth=1; give --set depth=2"),
        ({"options": {"size": 5}}, "not trained with size=5; give --set size=4"),
        ({"options": {"activation": "tanh"}}, "with activation=tanh; give --set activation=relu"),
        ({"name": "cifar_softmax"}, "is a trained deep_relu, from which cifar_softmax cannot"),
        ({"name": "linear_cat_dog", "solver": "exact"}, "--from is only for --solver gradient"),
        (
            {"dataset": "blobs"},
            "run cannot be started from: it takes photos, but blobs holds rows of 2 numbers; give",
        ),
    ],
)
def test_weights_that_do_not_fit_are_refused_in_a_sentence(
    settings, message, trained, places, tmp_path
):
    with pytest.raises(ZooError, match=message):
        train(tmp_path / "run", places / "two", start_from=trained, **settings)
    assert not (tmp_path / "run").exists()


def test_weights_of_before_photos_were_standardized_are_not_taken_for_such(
    trained, places, tmp_path
):
    run = shutil.copytree(trained, tmp_path / "earlier")
    config = json.loads((run / "config.json").read_text(encoding="utf-8"))
    del config["options"]["standardize_photos"]
    (run / "config.json").write_text(json.dumps(config), encoding="utf-8")
    train(tmp_path / "as before", places / "two", STILL, start_from=run)
    with pytest.raises(ZooError, match="give --set standardize_photos=False"):
        train(
            tmp_path / "run", places / "two", start_from=run, options={"standardize_photos": True}
        )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("deep_rel", "no shipped bundle named 'deep_rel'"),
        ("./nowhere", "There is no folder nowhere"),
        ("linear_cat_dog", "has a single layer of trained weights, for other labels"),
    ],
)
def test_a_source_that_cannot_be_used_is_one_sentence(given, message, places, tmp_path):
    name = "deep_relu" if "linear" not in given else given
    with pytest.raises(ZooError, match=message):
        train(tmp_path / "run", places / "renamed", name=name, start_from=given)
    assert not (tmp_path / "run").exists()


def test_a_shipped_model_learns_the_photos_from_its_weights(photos_dir, run_zoo, tmp_path):
    words = ["train", "deep_relu", "--from", "deep_relu", "--dataset", "photos"]
    words += ["--data-dir", photos_dir, "--epochs", 30, "--learning-rate", 1e-3]
    done = run_zoo(*words, "--run-dir", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert "The last layer, logits, has 2 outputs instead of 10 and starts anew." in done.stdout
    results = RunFolder(tmp_path / "run").results()
    # Cats and dogs are two of the ten classes that it knows.
    assert results["test"]["accuracy"] > 0.6

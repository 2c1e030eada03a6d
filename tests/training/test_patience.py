"""Early stopping: when it stops, which weights it keeps, and the same after a resume."""

import csv
import json
import os
import signal
from dataclasses import replace

import keras
import pytest

import zoo
from zoo.errors import Preempted
from zoo.registry.recipes import Recipe
from zoo.training.reporter import Silent
from zoo.training.run_folder import RunFolder

# So large a step that the validation loss goes up and down.
ROUGH = Recipe(epochs=20, batch_size=16, learning_rate=0.5, patience=3)
OPTIONS = {"size": 4, "width": 8}


class Stops(Silent):
    """Sends this process SIGTERM at the end of an epoch, and collects what is said."""

    def __init__(self, epoch=0):
        self.epoch, self.sentences = epoch, []

    def say(self, sentence):
        self.sentences.append(sentence)

    def epoch_end(self, row):
        if row["epoch"] == self.epoch:
            os.kill(os.getpid(), signal.SIGTERM)


def train(run, small_photos, recipe=ROUGH, **settings):
    place = {"dataset": "photos", "data_dir": small_photos, "options": OPTIONS}
    return zoo.train("deep_relu", recipe=recipe, run_dir=run, **place, **settings)


def weights(run):
    return [weight.tobytes() for weight in zoo.load_model(run).get_weights()]


def ranks(run):
    return [(-row["val_accuracy"], row["val_loss"]) for row in RunFolder(run).history()]


# All at once: each changes what the weights of an epoch are.
ALL = {"averaging": 0.8, "whitening": 1.0, "components": 20, "precision": "mixed_float16"}
ALL |= {"options": {"normalization": "batch", "dropout": 0.2}}
VARIANTS = {"plain": {}, "all": ALL}


@pytest.mark.parametrize("variant", VARIANTS)
def test_it_keeps_the_best_epoch_s_weights_however_often_it_was_stopped(
    variant, small_photos, tmp_path
):
    recipe = replace(ROUGH, **VARIANTS[variant])
    whole = train(tmp_path / "whole", small_photos, recipe)
    found = ranks(tmp_path / "whole")
    best = min(range(len(found)), key=found.__getitem__)
    assert whole["best_epoch"] == best + 1
    assert whole["epochs"] == min(best + 1 + recipe.patience, recipe.epochs)
    assert whole["stopped"] == ("patience" if whole["epochs"] < recipe.epochs else "epochs")
    assert whole["history"]["epoch"] == best + 1
    stopping = keras.callbacks.EarlyStopping("rank", mode="min", patience=recipe.patience)
    stopping.set_model(keras.Model())
    stopping.on_train_begin()
    for epoch, rank in enumerate(found):
        stopping.on_epoch_end(epoch, {"rank": sorted(found).index(rank)})
    assert stopping.best_epoch == best
    assert stopping.model.stop_training == (whole["stopped"] == "patience")
    # The weights of the best epoch are those that a training of this many epochs ends with.
    only = replace(recipe, epochs=best + 1, patience=0)
    train(tmp_path / "only", small_photos, only)
    assert weights(tmp_path / "whole") == weights(tmp_path / "only")
    with pytest.raises(Preempted):
        train(tmp_path / "parts", small_photos, recipe, reporter=Stops(best + 2))
    parts = train(tmp_path / "parts", small_photos, recipe)
    assert weights(tmp_path / "parts") == weights(tmp_path / "whole")
    # Keras numbers the layers of a process, and their names are in the file.
    for results in (parts, whole):
        del results["run_dir"], results["model_sha256"]
    assert parts == whole
    histories = [(tmp_path / run / "history.csv").read_bytes() for run in ("whole", "parts")]
    assert histories[0] == histories[1]


def test_a_training_that_stopped_early_is_finished(small_photos, tmp_path):
    heard = Stops()
    first = train(tmp_path, small_photos, reporter=heard)
    assert first["epochs"] < ROUGH.epochs
    (sentence,) = (text for text in heard.sentences if text.startswith("Stopped after epoch"))
    assert f"the weights of epoch {first['best_epoch']} are kept" in sentence
    kept = weights(tmp_path)
    assert train(tmp_path, small_photos, epochs=60) == first
    # The model is written again from the checkpoint, without another epoch.
    (tmp_path / "model.keras").unlink()
    assert train(tmp_path, small_photos)["epochs"] == first["epochs"]
    assert weights(tmp_path) == kept


@pytest.mark.parametrize(
    ("changes", "epochs", "best"),
    [
        # A rate at which no weight changes: every epoch is as good as the first.
        ({"learning_rate": 1e-30, "patience": 3}, 4, 1),
        ({"learning_rate": 1e-30, "patience": 1, "epochs": 1}, 1, 1),
        ({"learning_rate": 1e-30, "patience": 50, "epochs": 3}, 3, 1),
    ],
)
def test_a_plateau_from_the_first_epoch_on(changes, epochs, best, small_photos, tmp_path):
    results = train(tmp_path, small_photos, replace(ROUGH, **changes))
    assert (results["epochs"], results["best_epoch"]) == (epochs, best)


def test_without_patience_nothing_is_recorded_of_it(tmp_path):
    results = zoo.train("xor_mlp", epochs=2, run_dir=tmp_path)
    assert not {"best_epoch", "stopped"} & results.keys()
    with (tmp_path / "history.csv").open(newline="") as stream:
        assert len(list(csv.DictReader(stream))) == 2


def test_a_run_of_a_version_without_patience_goes_on(tmp_path):
    zoo.train("xor_mlp", epochs=2, run_dir=tmp_path)
    config = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    del config["recipe"]["patience"]
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert zoo.train("xor_mlp", epochs=3, run_dir=tmp_path)["epochs"] == 3

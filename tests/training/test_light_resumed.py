"""Resumed trainings with light, cutout and mixing in their augmentation, and ones of before."""

import json
import os
import shutil
import signal

import numpy as np
import pytest

import zoo
from zoo import ZooError, data
from zoo.errors import Preempted
from zoo.registry.recipes import Augmentation, Recipe
from zoo.training.reporter import Silent

RECIPE = Recipe(
    epochs=4,
    batch_size=8,
    learning_rate=0.01,
    optimizer="adam",
    label_smoothing=0.1,
    augmentation=Augmentation(
        flip=True, shift=1, cutout=3, brightness=0.2, contrast=0.4, mixup=0.3, cutmix=1, unmixed=0.5
    ),
    options={"depth": 1, "width": 8, "size": 8, "classes": 2, "standardize_photos": True},
)
BEFORE = Recipe(
    epochs=4,
    batch_size=8,
    learning_rate=0.01,
    augmentation=Augmentation(flip=True, shift=1, cutmix=1.0),
    options={"depth": 1, "width": 8, "size": 8, "classes": 2},
)


class Stopping(Silent):
    def __init__(self, after):
        self.after = after

    def epoch_end(self, row):
        if row["epoch"] == self.after:
            os.kill(os.getpid(), signal.SIGTERM)


@pytest.fixture(scope="module")
def photos():
    random = np.random.default_rng(0)
    y = random.integers(0, 2, 120)
    x = (
        random.integers(0, 200, (120, 8, 8, 3))
        + 50 * y[:, None, None, None] * (np.arange(8) > 4)[:, None]
    )
    return data.from_arrays(x.astype("uint8"), y, name="halves")


def train(run, photos, recipe=RECIPE, **settings):
    return zoo.train("deep_relu", recipe=recipe, dataset=photos, run_dir=run, **settings)


def weights(run):
    return [weight.tobytes() for weight in zoo.load_model(run).get_weights()]


@pytest.fixture(scope="module")
def whole(photos, tmp_path_factory):
    run = tmp_path_factory.mktemp("whole") / "run"
    train(run, photos)
    return run


@pytest.mark.parametrize("after", [1, 2, 3])
def test_resuming_before_at_and_after_the_end_of_mixing_ends_in_the_same_bits(
    after, photos, whole, tmp_path
):
    with pytest.raises(Preempted):
        train(tmp_path / "run", photos, reporter=Stopping(after))
    train(tmp_path / "run", photos)
    assert weights(tmp_path / "run") == weights(whole)


def test_another_end_of_mixing_is_another_training(photos, whole, tmp_path):
    amounts = {**vars(RECIPE.augmentation), "unmixed": 0.25}
    other = Recipe(**{**vars(RECIPE), "augmentation": Augmentation(**amounts)})
    train(tmp_path / "run", photos, other)
    assert weights(tmp_path / "run") != weights(whole)


def test_a_training_that_has_ended_without_mixing_cannot_go_on(photos, whole, tmp_path):
    run = shutil.copytree(whole, tmp_path / "run")
    with pytest.raises(ZooError, match="without mixup and cutmix in the last of 4 epochs, so it"):
        train(run, photos, epochs=6)


def test_a_training_begun_before_these_options_is_resumed_to_the_same_bits(photos, tmp_path):
    train(tmp_path / "whole", photos, BEFORE)
    with pytest.raises(Preempted):
        train(tmp_path / "parts", photos, BEFORE, reporter=Stopping(2))
    path = tmp_path / "parts" / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    del config["options"]["standardize_photos"]
    for name in ("brightness", "contrast", "unmixed"):
        del config["recipe"]["augmentation"][name]
    path.write_text(json.dumps(config), encoding="utf-8")
    train(tmp_path / "parts", photos, BEFORE)
    assert weights(tmp_path / "parts") == weights(tmp_path / "whole")
    with pytest.raises(ZooError, match="standardize_photos"):
        train(tmp_path / "parts", photos, BEFORE, options={"standardize_photos": True})

"""A time budget: how many epochs are chosen, when the training ends, and that it resumes."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

import zoo
from zoo import ZooError
from zoo.errors import Preempted
from zoo.registry.recipes import Recipe
from zoo.training.reporter import Silent
from zoo.training.run_folder import RunFolder
from zoo.training.time_budget import Pace, TimeBudget, duration

# A rate that falls over all epochs: every step depends on their number.
COSINE = Recipe(
    epochs=3, batch_size=16, learning_rate=1e-2, optimizer="adamw", schedule="cosine", warmup=0.2
)
# All that is traced or compiled anew once the epochs are chosen.
ALL = replace(
    COSINE,
    averaging=0.8,
    whitening=1.0,
    components=20,
    patience=500,
    precision="mixed_float16",
    options={"normalization": "batch", "dropout": 0.2},
)
BUDGET = "15 seconds"


class Heard(Silent):
    """Collects what is said, and sends this process SIGTERM at the end of an epoch."""

    def __init__(self, stop_after=0):
        self.stop_after, self.sentences = stop_after, []

    def say(self, sentence):
        self.sentences.append(sentence)

    def epoch_end(self, row):
        if row["epoch"] == self.stop_after:
            os.kill(os.getpid(), signal.SIGTERM)


@pytest.fixture(scope="module")
def train(small_photos):
    """A function of a run folder and settings that trains a small deep_relu."""

    def run(folder, recipe=COSINE, **settings):
        place = {"dataset": "photos", "data_dir": small_photos}
        options = {"size": 4, "width": 8}
        return zoo.train(
            "deep_relu", recipe=recipe, run_dir=folder, options=options, **place, **settings
        )

    return run


def weights(run):
    return [weight.tobytes() for weight in zoo.load_model(run).get_weights()]


def assert_same(run, other):
    assert weights(run) == weights(other)
    histories = [(folder / "history.csv").read_bytes() for folder in (run, other)]
    assert histories[0] == histories[1]


@pytest.fixture(scope="module")
def budgeted(train, tmp_path_factory):
    """A run folder with a time budget, its results, what was said, and the seconds it took."""
    folder, heard = tmp_path_factory.mktemp("budget") / "run", Heard()
    # The import of TensorFlow is no part of the budget.
    zoo.build("xor_mlp")
    started = time.monotonic()
    results = train(folder, time_budget=BUDGET, reporter=heard)
    return folder, results, heard.sentences, time.monotonic() - started


def test_it_ends_within_the_budget_or_says_by_how_much_not(budgeted):
    _, results, sentences, seconds = budgeted
    (sentence,) = (text for text in sentences if "of the time budget of 15 seconds" in text)
    assert sentence.startswith(f"{results['epochs']} epochs took ")
    over = re.search(r"15 seconds, (.*) more: after the epochs were chosen", sentence)
    assert (over is None) == (seconds <= 15) or abs(seconds - 15) < 0.1
    assert over or seconds < 1.25 * 15
    # Most of the budget is used, unless the machine became faster.
    assert seconds > 15 / 3


def test_the_number_of_epochs_is_recorded(budgeted):
    folder, results, sentences, _ = budgeted
    config = RunFolder(folder).config()
    epochs = config["recipe"]["epochs"]
    assert epochs == results["epochs"] == len(RunFolder(folder).history())
    assert config["recipe_text"].startswith(f"{epochs} epochs of batches")
    assert config["time_budget"]["seconds"] == 15
    assert 0 < config["time_budget"]["seconds_per_epoch"] * epochs < 15
    assert any(f"Time budget of 15 seconds: {epochs} epochs of" in text for text in sentences)
    # Nothing is left of the seconds in which the pace was measured.
    assert not list(folder.glob(".pace-*"))


def test_the_bits_are_those_of_a_training_of_that_many_epochs(budgeted, train, tmp_path):
    folder, results, *_ = budgeted
    whole = train(tmp_path / "whole", epochs=results["epochs"])
    assert_same(folder, tmp_path / "whole")
    assert whole["test"] == results["test"]
    recipes = [RunFolder(run).config()["recipe"] for run in (folder, tmp_path / "whole")]
    assert recipes[0] == recipes[1]


def test_the_same_command_again_is_finished_and_another_budget_refused(budgeted, train):
    folder, results, *_ = budgeted
    again = train(folder, time_budget="0.25 minutes")
    assert again == results
    assert train(folder, epochs=results["epochs"]) == results
    with pytest.raises(ZooError, match="time budget of 15 seconds, not 1 minute; repeat its --t"):
        train(folder, time_budget="1 minute")


@pytest.mark.slow
def test_stopped_and_resumed_it_ends_with_the_same_bits(train, tmp_path):
    with pytest.raises(Preempted, match="resumes from here"):
        train(tmp_path / "parts", ALL, time_budget=BUDGET, reporter=Heard(stop_after=2))
    epochs = RunFolder(tmp_path / "parts").config()["recipe"]["epochs"]
    heard = Heard()
    parts = train(tmp_path / "parts", ALL, time_budget=BUDGET, reporter=heard)
    assert any(text.startswith("Resuming after epoch 2") for text in heard.sentences)
    assert not any("Measuring the pace" in text for text in heard.sentences)
    whole = train(tmp_path / "whole", ALL, epochs=epochs)
    assert parts["epochs"] == whole["epochs"] == epochs
    assert_same(tmp_path / "parts", tmp_path / "whole")


def test_stopped_while_the_pace_is_measured_it_starts_over(train, tmp_path):
    class Stops(Silent):
        def say(self, sentence):
            if sentence.startswith("Measuring the pace"):
                os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(Preempted, match="before there was a checkpoint; the same command"):
        train(tmp_path, time_budget=BUDGET, reporter=Stops())
    assert not list(tmp_path.glob(".pace-*"))
    assert not RunFolder(tmp_path).has_progress()
    # Killed, it could not remove the folder of the measurement.
    (tmp_path / ".pace-killed").mkdir()
    assert train(tmp_path, epochs=1)["epochs"] == 1
    assert not list(tmp_path.glob(".pace-*"))


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("xor_mlp", {"time_budget": "20"}, "'20' is not a time budget; give a time such as '90 s"),
        ("xor_mlp", {"time_budget": "0 minutes"}, "is not a time budget"),
        ("xor_mlp", {"time_budget": "nan minutes"}, "is not a time budget"),
        ("xor_mlp", {"time_budget": "-1 hours"}, "is not a time budget"),
        ("xor_mlp", {"time_budget": 20}, "20 is not a time budget"),
        ("xor_mlp", {"time_budget": "1 hour", "epochs": 3}, "--epochs 3 was given too; leave one"),
        ("linear_cat_dog", {"time_budget": "1 hour"}, "--time-budget is only for --solver grad"),
        ("pinn_burgers", {"time_budget": "1 hour"}, "--time-budget is only for --solver grad"),
        ("xor_mlp", {"time_budget": "0.01 seconds"}, "Not one epoch fits into the time budget of"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(name, settings, message, tmp_path):
    solver = {"solver": "exact"} if name == "linear_cat_dog" else {}
    with pytest.raises(ZooError, match=message) as raised:
        zoo.train(name, run_dir=tmp_path / "run", **settings, **solver)
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "run").exists()


def test_a_run_without_a_budget_gets_none(tmp_path):
    zoo.train("xor_mlp", epochs=2, run_dir=tmp_path)
    with pytest.raises(ZooError, match="was trained without a time budget; repeat its settings"):
        zoo.train("xor_mlp", time_budget="1 minute", run_dir=tmp_path)
    assert RunFolder(tmp_path).config()["time_budget"] is None
    # Of a version without time budgets.
    config = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    del config["time_budget"]
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert zoo.train("xor_mlp", epochs=3, run_dir=tmp_path)["epochs"] == 3


def test_what_fits():
    budget = TimeBudget(100.0)
    assert budget.epochs(Pace(epoch=10.0, rest=20.0)) == 7
    assert budget.epochs(Pace(epoch=80.0, rest=20.0)) == 0
    assert budget.epochs(Pace(epoch=10.0, rest=200.0)) == 0
    message = str(budget.too_short(Pace(epoch=950.0, rest=200.0)))
    assert message.endswith("give a --time-budget of at least '21 minutes'.")


def test_a_training_that_took_longer_says_so():
    past = time.monotonic() - 90
    assert TimeBudget(100.0, past).summary(3) == (
        "3 epochs took 1.5 minutes of the time budget of 1.7 minutes."
    )
    assert "of 1 minute, 30 seconds more: after the epochs" in TimeBudget(60.0, past).summary(3)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1 second", 1),
        ("90 seconds", 90),
        ("20 minutes", 1200),
        ("1.5 hours", 5400),
        ("2hours", 7200),
    ],
)
def test_a_budget_is_read_and_said_in_the_unit_that_fits(text, seconds):
    assert TimeBudget.parse(text).seconds == seconds
    assert TimeBudget.parse(duration(seconds)).seconds == pytest.approx(seconds, rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize(
    "devices", [["--workers", "2"], ["--strategy", "mirrored", "--devices", "2"]], ids=" ".join
)
def test_replicas_train_the_number_that_the_chief_chose(devices, tmp_path):
    words = [sys.executable, "-m", "zoo", "train", "perceptron", "--set", "inputs=2", *devices]

    def run(folder, *further):
        done = subprocess.run(
            [*words, "--batch-size", "8", *further, "--run-dir", tmp_path / folder],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return RunFolder(tmp_path / folder).config()["recipe"]["epochs"]

    epochs = run("budget", "--time-budget", "40 seconds")
    assert run("epochs", "--epochs", str(epochs)) == epochs
    assert_same(tmp_path / "budget", tmp_path / "epochs")

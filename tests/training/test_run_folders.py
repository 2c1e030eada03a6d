"""Training into a folder that holds something: gone on with, or refused, never believed blindly."""

import json
import os
import shutil
import signal

import numpy as np
import pytest

import zoo
from zoo import ZooError
from zoo.errors import INTERRUPTED, PREEMPTED, Preempted
from zoo.registry.recipes import Recipe
from zoo.training import checkpoints, identity
from zoo.training.reporter import Silent
from zoo.training.run_folder import RunFolder

CHEAP = Recipe(epochs=4, batch_size=4, learning_rate=0.2, optimizer="adam")


def weights(run):
    return [weight.tobytes() for weight in zoo.load_model(run).get_weights()]


def train(run, recipe=CHEAP, **settings):
    return zoo.train("xor_mlp", recipe=recipe, run_dir=run, **settings)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "finished"
    train(run)
    return run


@pytest.fixture
def run(finished, tmp_path):
    """A copy of a finished run, to be spoiled."""
    return shutil.copytree(finished, tmp_path / "run")


@pytest.mark.parametrize("averaging", [0.0, 0.9])
def test_more_epochs_go_on_to_the_same_weights(averaging, tmp_path):
    recipe = Recipe(**{**vars(CHEAP), "averaging": averaging})
    train(tmp_path / "parts", recipe)
    results = train(tmp_path / "parts", recipe, epochs=9)
    train(tmp_path / "whole", recipe, epochs=9)
    assert weights(tmp_path / "parts") == weights(tmp_path / "whole")
    assert results["epochs"] == 9
    one, other = (RunFolder(tmp_path / name) for name in ("parts", "whole"))
    assert one.history() == other.history()
    assert one.config()["recipe"] == other.config()["recipe"]
    with pytest.raises(ZooError, match="epochs = 9, not 4"):
        train(tmp_path / "parts", recipe)


def test_a_rate_that_fell_to_0_cannot_go_on(tmp_path):
    recipe = Recipe(**{**vars(CHEAP), "schedule": "cosine"})
    train(tmp_path, recipe)
    with pytest.raises(ZooError, match="cannot continue to 9; train 9 epochs from the start"):
        train(tmp_path, recipe, epochs=9)


def test_a_model_that_was_removed_is_written_anew(finished, run):
    (run / "model.keras").unlink()
    with pytest.raises(ZooError, match=r"has no model\.keras"):
        zoo.evaluate(run)
    train(run)
    assert weights(run) == weights(finished)
    RunFolder(run).check_model()


def test_another_model_s_file_is_not_believed(run, tmp_path):
    zoo.train("xor_mlp", recipe=CHEAP, seed=1, run_dir=tmp_path / "other")
    shutil.copy(tmp_path / "other" / "model.keras", run / "model.keras")
    for use in (train, zoo.evaluate):
        with pytest.raises(ZooError, match="sha256 differs"):
            use(run)


@pytest.mark.parametrize("name", ["config.json", "results.json"])
@pytest.mark.parametrize("content", ["{}", "[]", "7", "{", '{"model": 3}', "\0"])
def test_a_damaged_file_is_one_sentence(name, content, run):
    (run / name).write_text(content, encoding="utf-8")
    with pytest.raises(ZooError, match=name.replace(".", r"\.")):
        train(run)
    with pytest.raises(ZooError, match=name.replace(".", r"\.")):
        zoo.evaluate(run)
    assert (run / name).read_text(encoding="utf-8") == content


@pytest.mark.parametrize(
    "content", [b"", b"epoch,loss\n", b"epoch,loss\n1,x\n", b"a,b\n1,2\n", b"\xff\xfe\0"]
)
def test_a_damaged_history_is_one_sentence(content, run):
    (run / "history.csv").write_bytes(content)
    with pytest.raises(ZooError, match=r"history\.csv"):
        RunFolder(run).history()


def test_a_checkpoint_of_another_training_is_refused(run):
    (run / "results.json").unlink()
    foreign = checkpoints.encode(checkpoints.Position(1, 0), {"model/0": np.zeros(3)})
    checkpoints.save(run / "checkpoints", 10**6, foreign)
    with pytest.raises(ZooError, match="belongs to another training"):
        train(run)


@pytest.mark.parametrize("name", ["logs", "checkpoints"])
def test_a_folder_that_cannot_be_written_is_one_sentence(name, tmp_path):
    (tmp_path / "run").mkdir()
    train(tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / name)
    (tmp_path / "run" / name).write_text("", encoding="utf-8")
    with pytest.raises(ZooError, match=f"{name} cannot be written"):
        train(tmp_path / "run", epochs=9)


def test_code_that_changed_is_another_training(run):
    config = json.loads((run / "config.json").read_text(encoding="utf-8"))
    model = zoo.build("xor_mlp")
    builder = zoo.describe("xor_mlp").builder
    assert config["architecture"] == identity.of_model(model, builder)
    other = zoo.build("xor_mlp", hidden_activation="tanh")
    assert config["architecture"] != identity.of_model(other, builder)
    # A builder of another home counts by its source too, one of this package by its version.
    assert config["architecture"] != identity.of_model(model, weights)
    config["architecture"] = "0" * 16
    (run / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ZooError, match=r"the code of the model xor_mlp, .* has changed"):
        train(run)
    # A run of a version that did not record it is taken as it is.
    del config["architecture"]
    (run / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert train(run)["epochs"] == CHEAP.epochs


def test_other_data_is_measured_only_if_asked_for_and_of_the_same_labels(run):
    assert zoo.evaluate(run)["dataset"]["name"] == "xor"
    measured = zoo.evaluate(run, dataset="and")
    assert measured["dataset"]["name"] == "and"
    with pytest.raises(ZooError, match=r"'blue', 'orange'.*with the same labels"):
        zoo.evaluate(run, dataset="blobs")
    config = json.loads((run / "config.json").read_text(encoding="utf-8"))
    config["dataset"]["fingerprint"] = "0" * 16
    (run / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ZooError, match="of fingerprint 0000000000000000"):
        zoo.evaluate(run)


@pytest.mark.parametrize("rate", [1e38, 3e38])
def test_a_training_that_diverges_leaves_its_folder_to_a_smaller_rate(rate, tmp_path):
    recipe = Recipe(epochs=1, batch_size=4, learning_rate=rate)
    options = {"hidden_activation": "linear", "output_activation": "linear"}
    with pytest.raises(ZooError, match="try a smaller --learning-rate"):
        train(tmp_path / "new" / "run", recipe, options=options)
    assert not (tmp_path / "new").exists()
    train(tmp_path / "new" / "run", recipe, options=options, learning_rate=0.01)
    assert np.isfinite(zoo.load_model(tmp_path / "new" / "run").get_weights()[0]).all()


class StopsAt(Silent):
    """Sends this very process a signal when it hears of something for the first time."""

    def __init__(self, word, kind):
        self.word, self.kind, self.sentences = word, kind, []

    def say(self, sentence):
        self.sentences.append(sentence)
        if self.word in sentence:
            os.kill(os.getpid(), self.kind)

    def epoch_end(self, row):
        self.say(f"epoch {row['epoch']}")


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    ("name", "recipe", "word"),
    [
        ("xor_mlp", "lecture", "epoch 2"),
        ("linear_cat_dog", "best", "Run folder"),
        ("linear_cat_dog", "best", "λ"),
        ("cifar_softmax", "best", "Run folder"),
        ("cifar_softmax", "best", "λ"),
    ],
)
def test_every_solver_stops_when_asked_and_names_the_folder(
    kind, name, recipe, word, small_photos, tmp_path
):
    settings = {"run_dir": tmp_path / "my run", "recipe": recipe}
    if name != "xor_mlp":
        settings |= {"dataset": "photos", "data_dir": small_photos, "options": {"size": 4}}
    heard = StopsAt(word, kind)
    with pytest.raises(Preempted, match=r"--run-dir '.*/my run'") as stopped:
        zoo.train(name, reporter=heard, **settings)
    assert stopped.value.exit_code == {signal.SIGTERM: PREEMPTED, signal.SIGINT: INTERRUPTED}[kind]
    assert sum(word in sentence for sentence in heard.sentences) == 1
    assert any("Run folder" in sentence for sentence in heard.sentences)
    assert not (tmp_path / "my run" / "results.json").exists()
    assert zoo.train(name, **settings)["test"]["loss"] < 10


def test_two_ctrl_c_end_it_at_once(tmp_path):
    class Twice(StopsAt):
        def say(self, sentence):
            super().say(sentence)
            if self.word in sentence:
                os.kill(os.getpid(), self.kind)

    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "run", reporter=Twice("epoch 2", signal.SIGINT))

"""A data set that was made in Python, from training to a bundle."""

import json

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris

import zoo
from zoo import ZooError, data
from zoo.training import Training

_FAST = {"options": {"size": 8}, "recipe": "best", "penalty": 1.0}


def _digits(**changes):
    digits = load_digits()
    pixels = (digits.images * 255 / 16).astype(np.uint8)
    return data.from_arrays(pixels, digits.target, **{"name": "digits", **changes})


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The digits, and the run folder of a softmax classifier of them."""
    dataset, run = _digits(), tmp_path_factory.mktemp("given") / "run"
    zoo.train("cifar_softmax", dataset=dataset, run_dir=run, **_FAST)
    return dataset, run


def test_it_is_trained_and_recorded(trained):
    dataset, run = trained
    config = json.loads((run / "config.json").read_text(encoding="utf-8"))
    assert config["dataset"] == dataset.identity()
    assert config["data_dir"] is None
    assert config["settings"]["dataset"] == "digits"
    assert json.loads((run / "results.json").read_text())["test"]["accuracy"] > 0.9


def test_it_is_taken_up_again_by_its_content(trained):
    dataset, run = trained
    before = (run / "results.json").read_bytes()
    again = zoo.train("cifar_softmax", dataset=_digits(), run_dir=run, **_FAST)
    assert again["dataset"] == dataset.identity()
    assert (run / "results.json").read_bytes() == before
    other = _digits(test=(dataset.test.x[..., 0], dataset.test.y))
    with pytest.raises(ZooError, match=r"another training: its dataset is fingerprint ="):
        zoo.train("cifar_softmax", dataset=other, run_dir=run, **_FAST)


def test_it_is_evaluated_and_exported_when_it_is_given_again(trained, run_zoo):
    dataset, run = trained
    figures = zoo.evaluate(run, dataset=dataset)
    results = json.loads((run / "results.json").read_text(encoding="utf-8"))
    assert figures["test"]["accuracy"] == pytest.approx(results["test"]["accuracy"])
    bundle = zoo.export_run(run, dataset=dataset, kinds=["float32"])
    card = (bundle / "README.md").read_text(encoding="utf-8")
    assert 'zoo.train("cifar_softmax", dataset=…)` in Python, with the data set digits' in card
    other = _digits(validation=(dataset.test.x[..., 0], dataset.test.y))
    with pytest.raises(ZooError, match=r"has fingerprint .* and .* was trained on"):
        zoo.export_run(run, dataset=other)
    for words in (["evaluate", run], ["export", run], ["verify", bundle], ["evaluate", bundle]):
        done = run_zoo(*words)
        assert done.returncode == 2, done.stderr
        assert "The data set digits was given in Python" in done.stderr
        assert "zoo.evaluate(RUN, dataset=…)" in done.stderr


def test_a_run_is_evaluated_on_a_file_of_the_same_classes(trained, tmp_path):
    dataset, run = trained
    digits = load_digits()
    np.savez(
        tmp_path / "digits.npz", x=(digits.images * 255 / 16).astype(np.uint8), y=digits.target
    )
    figures = zoo.evaluate(run, tmp_path, dataset="npz:digits.npz")
    assert figures["dataset"]["fingerprint"] == dataset.fingerprint


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dataset": load_iris}, "The data set is a function; give a name, or a Dataset"),
        ({"dataset": (np.zeros(3), np.zeros(3))}, "The data set is a tuple; give a name"),
        ({"data_dir": "here"}, "data_dir was given with the data set digits, which is loaded"),
        ({"target": "y"}, "target was given with the data set digits, which is loaded"),
    ],
)
def test_every_mistake_is_one_sentence(trained, tmp_path, settings, message):
    with pytest.raises(ZooError, match=message):
        zoo.train(
            "cifar_softmax", **{"dataset": trained[0], "run_dir": tmp_path / "run", **settings}
        )


def test_other_processes_cannot_load_it(trained):
    training = Training("cifar_softmax", dataset=trained[0])
    with pytest.raises(ZooError, match=r"given in Python, so that other processes cannot load it"):
        training.to_json()
    assert Training.from_dict(training.as_dict()).dataset == "digits"

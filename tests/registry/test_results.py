"""The published results were measured with the current recipes."""

import numpy as np
import pytest
from records import keeping, trainings

import zoo
from zoo import ZooError
from zoo.registry import results

RECIPES = [
    (name, recipe)
    for name in zoo.list_models()
    for recipe in trainings.measured(zoo.describe(name))
]


@pytest.mark.parametrize(("name", "recipe"), RECIPES)
def test_every_recipe_says_what_it_reaches(name, recipe):
    found = results.result_of(name, recipe)
    assert found is not None, f"python tools/results.py recipes {name}:{recipe}"
    assert found.text == zoo.describe(name).recipes[recipe].text()
    metric = zoo.describe(name).task.primary
    assert 0 <= found.test <= (1 if metric.is_share else np.inf)
    assert found.minutes > 0
    assert (found.deviation is None) == (found.seeds == 1)


def test_no_result_is_of_a_recipe_that_is_gone():
    assert {(found.model, found.recipe) for found in results.read()} <= set(RECIPES)


def test_a_new_result_takes_the_place_of_the_old_one(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "PATH", tmp_path / "results.csv")
    old = results.Result(
        "b", "best", "1 epoch, slow", 1, "accuracy", 0.5, 0.6, None, 2.0, "d 0a", "m", "keras 3"
    )
    new = results.Result(
        "b", "best", "1 epoch", 3, "accuracy", 0.75, 0.8, 0.01, 1.0, "d 0a", "m", "keras 3"
    )
    other = results.Result(
        "a", "best", "2 epochs", 1, "accuracy", 1.0, 1.0, None, 0.1, "d 0a", "m", "keras 3"
    )
    for result in (old, other, new):
        results.record(result)
    assert results.read() == [other, new]


def test_errors_are_shown_as_such():
    result = results.Result(
        "m", "best", "", 2, "rmse", 0.01234, 0.01, 0.0005, 1.0, "d 0a", "pc", "keras 3"
    )
    assert "test RMSE 0.01234 ± 0.0005 (2 seeds), training RMSE 0.01;" in result.summary()


def test_a_recipe_is_tried_from_several_seeds(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "PATH", tmp_path / "results.csv")
    trainings.recipes(["perceptron:lecture"], 2)
    (found,) = results.read()
    assert (found.seeds, found.dataset.split()[0]) == (2, "blobs")
    # Two separable clouds: at most a few of 500 points lie beyond the line.
    assert found.metric == "accuracy"
    assert found.test > 0.98
    assert found.train == 1.0
    assert 0 <= found.deviation < 0.02


def test_the_curve_of_one_run_leaves_the_result_of_several_seeds(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "PATH", tmp_path / "results.csv")
    monkeypatch.setattr(keeping, "FOLDER", tmp_path / "pages")
    zoo.train("perceptron", run_dir=tmp_path / "run")
    trainings.curve(tmp_path / "run")
    assert [found.seeds for found in results.read()] == [1]
    trainings.recipes(["perceptron:lecture"], 2)
    (before,) = results.read()
    trainings.curve(tmp_path / "run")
    assert results.read() == [before]
    assert (tmp_path / "pages" / "perceptron-lecture.md").is_file()


def test_what_cannot_be_tried_is_refused_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "PATH", tmp_path / "results.csv")
    with pytest.raises(ZooError, match="give 1 or more"):
        trainings.recipes(["perceptron"], 0)
    with pytest.raises(ZooError, match="no recipe of perceptron"):
        trainings.recipes(["perceptron:"], 1)
    with pytest.raises(ZooError, match="no recipe of deep_relu 'nosuch'"):
        trainings.search("nosuch", 1)
    zoo.train("perceptron", epochs=1, run_dir=tmp_path / "run")
    with pytest.raises(ZooError, match="as it stands"):
        trainings.curve(tmp_path / "run")
    (tmp_path / "run" / "results.json").unlink()
    with pytest.raises(ZooError, match="is not finished"):
        trainings.curve(tmp_path / "run")
    assert not results.PATH.exists()

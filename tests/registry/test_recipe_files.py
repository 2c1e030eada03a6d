"""Recipes as files: read back as they were written, and refused in one sentence that names them."""

from dataclasses import replace

import pytest

import zoo
from zoo import ZooError
from zoo.registry.recipes import Augmentation, Recipe
from zoo.training import Training

NAMED = [(name, recipe) for name in zoo.list_models() for recipe in zoo.describe(name).recipes]
FIELDS = "epochs = 3\nbatch_size = 4\nlearning_rate = 0.1\n"


@pytest.mark.parametrize(("name", "recipe"), NAMED)
def test_a_shipped_recipe_is_read_back_as_it_is(name, recipe, run_zoo, tmp_path):
    done = run_zoo("describe", name, "--recipe", recipe, "--toml")
    assert done.returncode == 0, done.stderr
    path = tmp_path / "mine.toml"
    path.write_text(done.stdout, encoding="utf-8")
    read, spec = Recipe.from_toml(path), zoo.describe(name)
    assert read == spec.recipes[recipe]
    by_name, by_file = (Training(name, recipe=given) for given in (recipe, path))
    assert by_file.with_recipe_read().choose_recipe(spec) == by_name.choose_recipe(spec)


def test_a_field_at_its_default_is_a_comment_that_can_be_uncommented(tmp_path):
    written = Recipe(epochs=1, batch_size=4, learning_rate=0.1).to_toml()
    changed = written.replace("#momentum = 0.0", "momentum = 0.9")
    changed = changed.replace("#[augmentation]", "[augmentation]").replace(
        "#zoom = 0.0", "zoom = 1"
    )
    path = tmp_path / "mine.toml"
    path.write_text(changed.replace("#penalty =", "#"), encoding="utf-8")
    read = Recipe.from_toml(path)
    assert read == Recipe(1, 4, 0.1, momentum=0.9, augmentation=Augmentation(zoom=1.0))


@pytest.mark.parametrize(
    "changes",
    [
        {"note": 'Ümläute, "quotes", a \\ and\nlines \t\x7f.'},
        {"learning_rate": 1e-30, "weight_decay": 1e22, "optimizer": "adamw"},
        {"options": {"a": True, "größe": 3, "b": -0.5, "c": "x = 1"}},
        {"augmentation": Augmentation()},
        {"solver": "exact", "penalty": 0.0},
    ],
)
def test_every_value_comes_back_to_the_last_bit(changes, tmp_path):
    recipe = replace(Recipe(epochs=1, batch_size=4, learning_rate=0.1), **changes)
    path = tmp_path / "mine.toml"
    path.write_text(recipe.to_toml(), encoding="utf-8")
    assert Recipe.from_toml(path) == recipe


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{FIELDS}momentun = 0.9", "no field of a recipe 'momentun'; did you mean momentum"),
        (f"{FIELDS}[augmentation]\nflipp = true", "'flipp'; did you mean flip"),
        (f"{FIELDS}[options]\nhiden = 3", "xor_mlp has no option 'hiden'; did you mean hidden"),
        (f"{FIELDS}[options]\nhidden = 'a'", "'hidden' takes a whole number, not 'a'"),
        (f"{FIELDS}options = 3", r"options is 3; give a table, \[options\]"),
        (f"{FIELDS}momentum = 'a lot'", "momentum is 'a lot'; give a number"),
        (f"{FIELDS}momentum = true", "momentum is True; give a number"),
        (f"{FIELDS}note = 3", "note is 3; give text in quotes"),
        (f"{FIELDS}penalty = 'a'", "penalty is 'a'; give a number"),
        (f"{FIELDS}penalty = 1.0", "penalty is 1.0, but it is only for --solver exact or lbfgs"),
        (f"{FIELDS}momentum = 1.5", "momentum is 1.5"),
        (f"{FIELDS}momentum = nan", "momentum is nan"),
        ("epochs = 3\n", "batch_size is missing"),
        (FIELDS.replace("3", "3.5"), "epochs is 3.5; give a whole number"),
        (FIELDS.replace("3", "-2"), "epochs is -2"),
        (f"{FIELDS}momentum = ", r"is not TOML: .*at line 4, column 12|at end of document"),
        ("epochs = 3\nepochs = 4", "is not TOML"),
        (b"note = '\xff'", "is not UTF-8"),
        (None, "cannot be read .*zoo describe MODEL --toml"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence(text, message, run_zoo, tmp_path):
    path = tmp_path / "mine.toml"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ZooError, match=rf"The recipe \S*mine\.toml .*({message})"):
        zoo.train("xor_mlp", recipe=path, run_dir=tmp_path / "run")
    done = run_zoo("train", "xor_mlp", "--recipe", path, "--run-dir", tmp_path / "run")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_options_of_the_command_override_the_file(run_zoo, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(f"{FIELDS}optimizer = 'sgd'\nmomentum = 0.5\n[options]\nhidden = 5\n")
    words = ["--recipe", path, "--epochs", 2, "--set", "hidden=3", "--optimizer", "adam"]
    done = run_zoo("train", "xor_mlp", *words, "--run-dir", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert "Left out of the recipe, since adam does not use it: momentum 0.5." in done.stdout
    config = zoo.training.run_folder.RunFolder(tmp_path / "run").config()
    assert config["recipe_name"] == "custom"
    assert config["recipe"] == {**vars(Recipe(2, 4, 0.1, optimizer="adam", options={"hidden": 3}))}


def test_a_recipe_that_is_not_a_file_s_name_is_one_of_the_model_s(run_zoo):
    done = run_zoo("describe", "xor_mlp", "--recipe", "best", "--toml")
    assert done.returncode == 2
    assert done.stderr == ("error: xor_mlp has no recipe 'best'; choose from lecture.\n")
    done = run_zoo("describe", "deep_relu", "--recipe", "best")
    assert "  best: " in done.stdout
    assert "  lecture: " not in done.stdout

"""The card of a bundle: the command and the recipe that train its model again."""

import re

import zoo
from zoo.registry.recipes import Recipe
from zoo.training.run_folder import RunFolder


def test_a_recipe_that_was_given_stands_in_the_card_as_a_file(run_zoo, tmp_path):
    path = tmp_path / "mine.toml"
    recipe = Recipe(99, 4, 0.2, patience=50, optimizer="adam", options={"hidden": 3})
    path.write_text(recipe.to_toml(), encoding="utf-8")
    run = tmp_path / "run"
    zoo.train("xor_mlp", recipe=path, epochs=80, seed=5, run_dir=run)
    card = (zoo.export_run(run) / "README.md").read_text(encoding="utf-8")
    assert "`zoo train xor_mlp --recipe recipe.toml --seed 5`" in card
    (text,) = re.findall(r"^```toml\n(.*?)^```", card, re.MULTILINE | re.DOTALL)
    (tmp_path / "recipe.toml").write_text(text, encoding="utf-8")
    words = ["train", "xor_mlp", "--recipe", "recipe.toml", "--seed", 5, "--run-dir", "again"]
    assert run_zoo(*words, cwd=tmp_path).returncode == 0
    one, other = (RunFolder(folder).config()["recipe"] for folder in (run, tmp_path / "again"))
    assert one == other
    for first, second in zip(
        zoo.load_model(run).get_weights(),
        zoo.load_model(tmp_path / "again").get_weights(),
        strict=True,
    ):
        assert first.tobytes() == second.tobytes()

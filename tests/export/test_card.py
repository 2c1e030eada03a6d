"""The card of a bundle: its metadata, the command and the recipe that train its model again."""

import re

import pytest
from huggingface_hub import ModelCard

import zoo
from zoo import edge
from zoo.bundles.front_matter import without_front_matter
from zoo.bundles.shipped import find_bundle
from zoo.export.card import model_card
from zoo.registry.recipes import Recipe
from zoo.training.run_folder import RunFolder


def card_of(manifest):
    training = manifest["training"]
    spec = zoo.describe(manifest["name"])
    return model_card(spec, manifest, training["config"], training["results"])


@pytest.mark.parametrize("name", zoo.list_models())
def test_a_card_begins_with_metadata_that_the_hub_reads(name):
    text = card_of(edge.read_manifest(find_bundle(name)))
    assert without_front_matter(text).startswith(f"# {name}\n")
    card = ModelCard(text)
    assert card.data.license == "mit"
    assert card.data.model_name == name
    assert card.data.pipeline_tag
    assert card.data.eval_results


@pytest.mark.parametrize(
    "changes",
    [
        {"plugins": {"my_models": "1.0"}},
        {"dataset": {"name": "photos:mine"}},
        {"dataset": {"name": "tfds:mnist"}},
        {"dataset": {"name": "digits"}},
    ],
)
def test_the_licence_of_models_of_others_is_left_to_them(changes):
    manifest = edge.read_manifest(find_bundle("cifar_softmax"))
    manifest["plugins"] = changes.get("plugins", {})
    manifest["dataset"] |= changes.get("dataset", {})
    assert ModelCard(card_of(manifest)).data.license is None


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

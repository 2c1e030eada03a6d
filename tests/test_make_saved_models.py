"""The tool that ships models finds its own figures again, and says so when it does not."""

import shutil

import make_saved_models
import numpy as np
import pytest

import zoo
from zoo import ZooError, edge
from zoo.bundles.shipped import find_bundle
from zoo.export.bundle import write_manifest


def test_a_shipped_figure_is_found_again_and_a_wrong_one_is_reported(tmp_path, monkeypatch, capsys):
    make_saved_models.check("perceptron")
    assert "reproduced" in capsys.readouterr().out
    bundle = tmp_path / "saved_models" / "perceptron"
    shutil.copytree(find_bundle("perceptron"), bundle)
    manifest = edge.read_manifest(bundle)
    manifest["artifacts"]["keras"]["metrics"]["accuracy"] -= 2 * make_saved_models.DEVIATION
    write_manifest(bundle, manifest)
    monkeypatch.setattr(make_saved_models, "ROOT", tmp_path)
    with pytest.raises(ZooError, match="differ by more than"):
        make_saved_models.check("perceptron")


def test_the_readme_s_table_is_the_shipped_models(pytestconfig):
    readme = (pytestconfig.rootpath / "README.md").read_text(encoding="utf-8")
    assert make_saved_models.with_table(readme) == readme


def test_a_shipped_model_is_exported_anew_with_its_own_weights(tmp_path, monkeypatch):
    shipped = find_bundle("xor_mlp")
    bundle = tmp_path / "saved_models" / "xor_mlp"
    shutil.copytree(shipped, bundle)
    monkeypatch.setattr(make_saved_models, "ROOT", tmp_path)
    make_saved_models.make_anew("xor_mlp")
    again, before = (edge.read_manifest(folder) for folder in (bundle, shipped))
    assert again["training"] == before["training"]
    for manifest in (again, before):
        # Keras writes the date into it.
        del manifest["artifacts"]["keras"]["files"]
    assert again["artifacts"] == before["artifacts"]
    cards = [(folder / "README.md").read_text(encoding="utf-8") for folder in (bundle, shipped)]
    assert cards[0] == cards[1]
    for one, other in zip(
        zoo.load_model(bundle).get_weights(), zoo.load_model(shipped).get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_a_bundle_that_does_not_record_its_training_is_not_exported_anew(tmp_path):
    bundle = shutil.copytree(find_bundle("perceptron"), tmp_path / "bundle")
    manifest = edge.read_manifest(bundle)
    del manifest["training"]
    write_manifest(bundle, manifest)
    with pytest.raises(ZooError, match="does not record its training"):
        make_saved_models.run_of_shipped(bundle, tmp_path / "run")

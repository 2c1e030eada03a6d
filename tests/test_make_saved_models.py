"""The tool that ships models finds its own figures again, and says so when it does not."""

import shutil

import make_saved_models
import pytest

from zoo import ZooError, edge
from zoo.export.bundle import write_manifest
from zoo.shipped import find_bundle


def test_a_shipped_figure_is_found_again_and_a_wrong_one_is_told(tmp_path, monkeypatch, capsys):
    make_saved_models.check("perceptron")
    assert "found again" in capsys.readouterr().out
    bundle = tmp_path / "saved_models" / "perceptron"
    shutil.copytree(find_bundle("perceptron"), bundle)
    manifest = edge.read_manifest(bundle)
    manifest["artifacts"]["keras"]["accuracy"] -= 2 * make_saved_models.DEVIATION
    write_manifest(bundle, manifest)
    monkeypatch.setattr(make_saved_models, "ROOT", tmp_path)
    with pytest.raises(ZooError, match="more than"):
        make_saved_models.check("perceptron")


def test_the_readme_s_table_is_the_shipped_models(pytestconfig):
    readme = (pytestconfig.rootpath / "README.md").read_text(encoding="utf-8")
    assert make_saved_models.with_table(readme) == readme

"""A name is a name, a path is a path, and shipped weights fit only the function they are of."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import zoo
from zoo import ZooError, edge
from zoo.bundles.shipped import as_word, find_bundle, is_name, shipped_options

NAMES = zoo.list_models()


@pytest.fixture
def impostor(tmp_path, monkeypatch):
    """A current folder in which each shipped name is a folder that holds another model."""
    for name in NAMES:
        other = "xor_mlp" if name == "perceptron" else "perceptron"
        shutil.copytree(find_bundle(other), tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_a_name_never_looks_into_the_current_folder(name, impostor):
    assert edge.read_manifest(find_bundle(name))["name"] == name
    assert edge.read_manifest(find_bundle(f"./{name}"))["name"] != name
    assert edge.read_manifest(find_bundle(Path(name)))["name"] != name


def test_pretrained_and_predict_take_the_shipped_model_whatever_the_current_folder_holds(
    impostor, run_zoo
):
    built = zoo.build("cifar_softmax", pretrained=True)
    assert built.output_shape == (None, 10)
    assert np.abs(built.get_layer("head").get_weights()[0]).max() > 0
    of_the_name, of_the_path = (
        run_zoo("predict", word, 0, 1).stdout for word in ("xor_mlp", "./xor_mlp")
    )
    assert ": 1 (" in of_the_name
    assert any(f": {label} (" in of_the_path for label in edge.load("./xor_mlp").labels)


def test_a_folder_of_no_shipped_name_is_asked_for_with_its_separator(impostor):
    Path("mine").mkdir()
    with pytest.raises(ZooError, match=r"give \./mine"):
        find_bundle("mine")
    with pytest.raises(ZooError, match="not a bundle"):
        find_bundle("./mine")
    with pytest.raises(ZooError, match="There is no folder"):
        find_bundle("./yours")
    assert is_name("mine")
    assert not is_name(as_word("mine"))


# Options whose values are names of their own.
OTHER_NAMES = {"normalization": "layer", "regularization": "l2", "loss": "cross_entropy"}


def other_values(name):
    """Return (option, another value) for each option of a shipped model."""
    for option, value in shipped_options(name).items():
        if isinstance(value, bool):
            yield option, not value
        elif isinstance(value, str):
            yield option, OTHER_NAMES.get(option, "elu")
        else:
            yield option, value + 1 if isinstance(value, int) else value / 2 + 0.25


@pytest.mark.parametrize(
    ("name", "option", "value"),
    [(name, option, value) for name in NAMES for option, value in other_values(name)],
)
def test_shipped_weights_are_refused_for_options_that_change_the_function(name, option, value):
    if option in zoo.describe(name).training_options:
        built = (zoo.build(name, pretrained=True, **given) for given in ({option: value}, {}))
        ours, trained = ([w for w in m.weights if "seed_gen" not in w.path] for m in built)
        for one, other in zip(ours, trained, strict=True):
            np.testing.assert_array_equal(one, other)
        return
    with pytest.raises(ZooError, match=f"{option}=.*leave {option} out") as caught:
        zoo.build(name, pretrained=True, **{option: value})
    assert "\n" not in str(caught.value)
    assert zoo.build(name, pretrained=True, **{option: shipped_options(name)[option]})

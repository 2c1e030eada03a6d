"""The metadata of model cards, as huggingface_hub reads and checks it."""

import pytest
import yaml
from huggingface_hub import ModelCard

import zoo
from zoo import edge
from zoo.bundles.front_matter import front_matter, pipeline_tag, without_front_matter
from zoo.bundles.shipped import find_bundle

NAMES = zoo.list_models()
CARD = "# A model\n\n| a | b |\n|---|---|\n\n---\n\nend\n"


def manifest_of(name):
    return edge.read_manifest(find_bundle(name))


@pytest.mark.parametrize("name", NAMES)
def test_the_hub_s_reader_finds_every_measured_figure(name):
    manifest = manifest_of(name)
    card = ModelCard(front_matter(manifest, "mit") + "\n" + CARD)
    assert card.text.strip() == CARD.strip()
    found = {(r.metric_name, r.metric_type): r.metric_value for r in card.data.eval_results}
    assert found == {
        (f"{metric}, {artifact}", metric): figure
        for artifact, entry in manifest["artifacts"].items()
        for metric, figure in entry["metrics"].items()
    }
    assert {(r.dataset_name, r.dataset_split) for r in card.data.eval_results} == {
        (manifest["dataset"]["name"], "test")
    }
    assert card.data.license == "mit"
    assert card.data.library_name == "lecture-zoo"
    assert {"keras", "tflite", "onnx"} < set(card.data.tags)
    # What its writer makes of it again is the same metadata.
    again = yaml.safe_load(card.data.to_yaml())
    assert again["model-index"][0]["name"] == name


@pytest.mark.parametrize(
    ("name", "tag", "datasets"),
    [
        ("deep_relu", "image-classification", ["uoft-cs/cifar10"]),
        ("linear_cat_dog", "image-classification", ["microsoft/cats_vs_dogs"]),
        ("pose_regressor", "keypoint-detection", None),
        ("box_regressor", "object-detection", None),
        ("xor_mlp", "tabular-classification", None),
        ("pinn_burgers", "tabular-regression", None),
    ],
)
def test_task_and_data_set_have_the_hub_s_names(name, tag, datasets):
    card = ModelCard(front_matter(manifest_of(name), None))
    assert card.data.pipeline_tag == tag
    assert card.data.datasets == datasets
    assert card.data.license is None


def test_photos_with_values_of_another_kind_have_no_task_of_the_hub():
    manifest = manifest_of("pose_regressor")
    for entry in manifest["artifacts"].values():
        entry["metrics"] = {"rmse": 0.1}
    assert pipeline_tag(manifest) is None
    assert "pipeline_tag" not in front_matter(manifest, None)


@pytest.mark.parametrize(
    "name", ["no", "12", "1e3", 'with "quotes": and # colon', "- dash", "Bäume 🌲", "a: b", "null"]
)
def test_any_name_is_read_back_as_text(name):
    manifest = manifest_of("xor_mlp")
    manifest["dataset"]["name"] = manifest["name"] = name
    manifest["artifacts"]["keras"]["metrics"] = {"accuracy": 1e-07}
    (block,) = front_matter(manifest, None).split("---\n")[1:-1]
    (index,) = yaml.safe_load(block)["model-index"]
    assert index["name"] == index["results"][0]["dataset"]["name"] == name
    assert index["results"][0]["metrics"][0]["value"] == 1e-07


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_card_is_shown_without_its_metadata(ends):
    metadata = front_matter(manifest_of("xor_mlp"), "mit")
    card = (metadata + "\n" + CARD).replace("\n", ends)
    assert without_front_matter(card) == CARD.replace("\n", ends)
    assert without_front_matter(CARD) == CARD


@pytest.mark.parametrize("name", NAMES)
def test_the_metadata_of_a_shipped_card_is_that_of_its_manifest(name):
    card = (find_bundle(name) / "README.md").read_text(encoding="utf-8")
    body = without_front_matter(card)
    assert body.startswith(f"# {name}\n")
    assert card == front_matter(manifest_of(name), "mit") + "\n" + body

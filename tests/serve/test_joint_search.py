"""The page searches photos for joints, as `zoo plot joints` does."""

import io

import numpy as np
import pytest
from PIL import Image
from talk import assert_one_sentence, call

from zoo import edge
from zoo.bundles.shipped import find_bundle
from zoo.data.figures import LABELS, figure
from zoo.data.heat_maps import heat_maps

NAME = "joint_classifier"


@pytest.fixture(scope="module")
def person():
    return figure("test", 1, 160).pixels


def search(address, pixels, model=NAME):
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    return call(f"{address}api/joints?model={model}", content.getvalue())


def test_the_maps_are_those_of_the_bundle(address, person):
    status, answer = search(address, person)
    assert status == 200, answer
    maps = heat_maps(edge.load(find_bundle(NAME)).raw, LABELS, person)
    assert (answer["rows"], answer["columns"]) == maps.probabilities.shape[:2]
    assert answer["photo"] == {"height": 160, "width": 160}
    assert list(answer["maps"]) == list(answer["places"]) == list(LABELS[:-1])
    for index, joint in enumerate(LABELS[:-1]):
        np.testing.assert_allclose(
            answer["maps"][joint], maps.probabilities[..., index].ravel(), atol=6e-4
        )
        x, y, probability = maps.most_likely(joint)
        wanted = {"x": x, "y": y, "probability": pytest.approx(probability, abs=1e-5)}
        assert answer["places"][joint] == wanted


def test_a_drawn_persons_joints_are_found(address):
    near = []
    for index in range(6):
        drawn = figure("test", index, 160)
        _, answer = search(address, drawn.pixels)
        for joint, place in answer["places"].items():
            true = [at for name, at in drawn.joints.items() if joint in name]
            nearest = min(np.hypot(place["x"] - x, place["y"] - y) for x, y in true)
            near.append(nearest < 16)
    # 16 pixels around two joints are 6 % of the picture.
    assert np.mean(near) > 0.4


@pytest.mark.parametrize("model", ["linear_cat_dog", "xor_mlp"])
def test_other_models_are_refused(address, person, model):
    assert_one_sentence(search(address, person, model), 400, "has no class 'background'")


def test_what_is_no_photo_is_refused(address):
    found = call(f"{address}api/joints?model={NAME}", b"no photo")
    assert_one_sentence(found, 400)

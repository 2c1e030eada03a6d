"""The mean answer over mirrored and shifted views of a photo."""

import numpy as np
import pytest

import zoo
from zoo import data, edge
from zoo.errors import ZooError
from zoo.export.bundle import export_run
from zoo.export.verify import verify
from zoo.nn.views import VIEWS, with_views
from zoo.registry.recipes import Recipe

SIZE = 16


@pytest.fixture(scope="module")
def photos():
    return np.random.default_rng(0).integers(0, 256, (5, SIZE, SIZE, 3)).astype("uint8")


def shifted(photos, down, right):
    padded = np.pad(photos, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="reflect")
    return padded[:, 2 - down : 2 - down + SIZE, 2 - right : 2 - right + SIZE]


@pytest.mark.parametrize("views", VIEWS)
@pytest.mark.parametrize("grayscale", [False, True])
def test_the_answer_is_the_mean_of_the_answers_for_the_views(views, grayscale, photos):
    model = zoo.build("deep_relu", size=SIZE, width=8, grayscale=grayscale)
    shifts = (-2, 0, 2) if views in (9, 18) else (0,)
    sides = (photos, photos[:, :, ::-1]) if views in (2, 18) else (photos,)
    seen = [shifted(side, down, right) for side in sides for down in shifts for right in shifts]
    assert len(seen) == views
    expected = np.mean([model(view, training=False) for view in seen], axis=0)
    found = with_views(model, views)(photos, training=False)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_every_exported_file_answers_with_the_views(small_photos, tmp_path, photos):
    options = {"size": SIZE, "width": 8, "standardize_photos": True}
    place = {"dataset": "photos", "data_dir": small_photos}
    recipe = Recipe(3, 32, 0.01, options=options)
    zoo.train("deep_relu", recipe=recipe, run_dir=tmp_path, **place)
    bundle = export_run(tmp_path, views=18, onnx=True, weights="float16")
    assert not verify(bundle, data.load("photos", small_photos)).problems
    manifest = edge.read_manifest(bundle)
    assert manifest["views"] == 18
    assert "mean over 18 views" in manifest["output"]["description"]
    expected = with_views(zoo.load_model(tmp_path), 18)(photos, training=False)
    np.testing.assert_allclose(zoo.load_model(bundle)(photos, training=False), expected, atol=2e-3)
    for kind, tolerance in {
        "float32": 2e-3,
        "float16": 2e-3,
        "dynamic": 0.02,
        "int8": 0.05,
    }.items():
        answers = edge.load(bundle, kind).raw(photos)
        np.testing.assert_allclose(answers, expected, atol=tolerance)


@pytest.mark.parametrize(
    ("name", "views", "options", "reason"),
    [
        ("deep_relu", 3, {}, "The number of views is 3; choose from 1, 2, 9, 18"),
        ("deep_relu", 18, {"size": 2}, "shifted views need squares of more than 2 × 2"),
        ("xor_mlp", 2, {}, "xor_mlp is not one: leave --views out"),
        ("pose_regressor", 2, {}, "pose_regressor is not one"),
        ("linear_cat_dog", 2, {}, "linear_cat_dog is not one"),
    ],
)
def test_views_that_are_impossible_are_refused(name, views, options, reason):
    with pytest.raises(ZooError, match=reason):
        with_views(zoo.build(name, **options), views)

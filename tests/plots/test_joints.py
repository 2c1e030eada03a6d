"""Heat maps of a classifier of patches, and the command that draws them."""

import numpy as np
import pytest
from PIL import Image

import zoo
from zoo.data.figures import LABELS
from zoo.data.heat_maps import heat_maps, require_joints
from zoo.errors import ZooError
from zoo.plots.joints import joints_picture

RED = ("red", "background")
SMALL = {"depth": 0, "features": "pixels", "size": 8}


@pytest.fixture(scope="module")
def photo():
    """A gray photo with a red disc around (150, 60)."""
    rows, columns = np.mgrid[:120, :200] + 0.5
    inside = (columns - 150) ** 2 + (rows - 60) ** 2 < 10**2
    return np.where(inside[..., None], (255, 0, 0), (128, 128, 128)).astype(np.uint8)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("joints") / "run"
    few = zoo.data.from_arrays(
        np.random.default_rng(0).integers(0, 256, (180, 32, 32, 3), np.uint8),
        np.arange(180) % 9,
        labels=LABELS,
    )
    zoo.train("joint_classifier", dataset=few, epochs=1, options=SMALL, run_dir=folder)
    return folder


def redness(patches):
    """Return how red the middle of each patch is, 0…1, and how little."""
    middle = patches[:, 8:24, 8:24].astype(np.float32)
    red = (middle[..., 0] > middle[..., 1] + 100).mean((1, 2))
    return np.stack([red, 1 - red], axis=1)


def test_the_most_likely_place_is_where_the_thing_is(photo):
    maps = heat_maps(redness, RED, photo)
    assert maps.probabilities.shape == (24, 40, 2)
    np.testing.assert_allclose(maps.probabilities.sum(-1), 1, atol=1e-5)
    x, y, probability = maps.most_likely("red")
    assert (x, y) == pytest.approx((150, 60), abs=5)
    assert probability > 0.5


def test_large_photos_are_searched_at_the_same_places(photo):
    large = np.asarray(Image.fromarray(photo).resize((2000, 1200), Image.Resampling.NEAREST))
    maps = heat_maps(redness, RED, large)
    assert maps.probabilities.shape == (24, 40, 2)
    x, y, _ = maps.most_likely("red")
    assert (x, y) == pytest.approx((1500, 600), abs=50)


def test_a_smaller_window_gives_a_sharper_map(photo):
    wide, narrow = (heat_maps(redness, RED, photo, [side]) for side in (0.3, 0.1))
    areas = [(maps.probabilities[..., 0] > 0.2).mean() for maps in (wide, narrow)]
    assert areas[0] > areas[1] > 0


@pytest.mark.parametrize("side", [0, -1, 1.5, float("nan")])
def test_other_sides_are_refused(photo, side):
    with pytest.raises(ZooError, match="give a share above 0"):
        heat_maps(redness, RED, photo, [side])


def test_the_picture_has_a_panel_per_joint(photo):
    figure = joints_picture(photo, heat_maps(redness, RED, photo), "a title")
    titles = [axes.get_title() for axes in figure.axes]
    assert titles[0] == "most likely places"
    assert titles[1].startswith("red 0.")


def test_models_without_background_are_refused():
    require_joints("joint_classifier", LABELS, True)
    for labels, is_image in ((("cat", "dog"), True), (LABELS, False)):
        with pytest.raises(ZooError, match="has no class 'background'"):
            require_joints("other", labels, is_image)


def test_command(run, photo, run_zoo, tmp_path):
    Image.fromarray(photo).save(tmp_path / "photo.png")
    done = run_zoo("plot", "joints", run, tmp_path / "photo.png", "--to", tmp_path / "joints.png")
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "joints.png") as picture:
        assert picture.width > 1000


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("linear_cat_dog", "PHOTO"), "has no class 'background'"),
        (("RUN", "nowhere.jpg"), "nowhere.jpg"),
        (("RUN", "PHOTO", "--side", "2"), "give a share above 0"),
        (("RUN", "PHOTO", "--to", "a.gif"), ".png or .svg"),
    ],
)
def test_mistakes_are_one_sentence(words, message, run, photo, run_zoo, tmp_path):
    Image.fromarray(photo).save(tmp_path / "photo.png")
    paths = {"PHOTO": tmp_path / "photo.png", "RUN": run}
    done = run_zoo("plot", "joints", *(paths.get(word, word) for word in words), cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1

"""People drawn from a seed: the drawings, the patches, and the coordinates."""

import numpy as np
import pytest

from zoo import data
from zoo.data.canvas import Canvas, Limb
from zoo.data.figure_drawing import draw_figure
from zoo.data.figure_pose import sample_pose
from zoo.data.figures import COUNTS, LABELS, PICTURE_SIZE, figure
from zoo.data.joint_labels import BACKGROUND_PATCHES, background_places
from zoo.data.random_numbers import RandomNumbers
from zoo.data.scenery import background
from zoo.registry.tasks.pictures import JOINTS

SPLITS = ("train", "validation", "test")
SIZE = 128


@pytest.fixture(scope="module")
def drawn():
    return [figure("test", index, SIZE) for index in range(40)]


@pytest.fixture(scope="module")
def cache_folder(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZOO_CACHE_DIR", str(tmp_path_factory.mktemp("figures")))
        yield


@pytest.fixture(scope="module")
def patches(cache_folder):
    return data.load("figures")


@pytest.fixture(scope="module")
def coordinates(cache_folder):
    return data.load("figure_joints")


def test_random_numbers_are_even_and_a_function_of_the_key():
    numbers = RandomNumbers(1, 2).uniform(20_000)
    assert 0 <= numbers.min() <= numbers.max() < 1
    assert np.histogram(numbers, 10, (0, 1))[0].min() > 1800
    assert np.array_equal(numbers, RandomNumbers(1, 2).uniform(20_000))
    assert not np.array_equal(numbers, RandomNumbers(2, 1).uniform(20_000))
    octets = RandomNumbers(3).octets(20_001)
    assert (octets.dtype, len(octets), octets.min(), octets.max()) == (np.uint8, 20_001, 0, 255)
    chosen = [RandomNumbers(4, index).choice("abc") for index in range(300)]
    assert min(chosen.count(letter) for letter in "abc") > 70


def test_a_drawing_is_a_function_of_seed_split_and_index():
    first = figure("train", 3, 64)
    again = figure("train", 3, 64)
    assert np.array_equal(first.pixels, again.pixels)
    assert (first.joints, first.visible) == (again.joints, again.visible)
    others = [figure("train", 4, 64), figure("test", 3, 64), figure("train", 3, 64, seed=5)]
    assert all((first.pixels != other.pixels).mean() > 0.5 for other in others)


def test_the_size_changes_neither_the_person_nor_the_place():
    small, large = figure("train", 7, 64), figure("train", 7, 256)
    for name in JOINTS:
        np.testing.assert_allclose(np.array(small.joints[name]) * 4, large.joints[name])
    coarse = large.pixels.reshape(64, 4, 64, 4, 3).mean((1, 3))
    assert np.corrcoef(coarse.ravel(), small.pixels.ravel().astype(float))[0, 1] > 0.8


def test_joints_are_inside_and_most_are_visible(drawn):
    for one in drawn:
        assert (one.pixels.shape, one.pixels.dtype) == ((SIZE, SIZE, 3), np.uint8)
        assert tuple(one.joints) == JOINTS
        assert all(0 < number < SIZE for place in one.joints.values() for number in place)
    share = np.mean([list(one.visible.values()) for one in drawn])
    assert 0.7 < share < 0.95


def test_limbs_keep_their_lengths():
    for index in range(50):
        pose = sample_pose(RandomNumbers(9, index))
        for side in ("left", "right"):
            for ends, length in ((("hip", "knee"), 0.245), (("elbow", "wrist"), 0.15)):
                first, second = (pose[f"{side}_{name}"] for name in ends)
                assert np.linalg.norm(first - second) == pytest.approx(length, abs=1e-9)
        assert np.linalg.norm(pose["face"]) == pytest.approx(1)


def test_left_and_right_are_the_persons_own():
    # From right to left hip, crossed with upwards, is forwards, where the face looks.
    same = []
    for index in range(300):
        pose = sample_pose(RandomNumbers(9, index))
        across = pose["left_hip"] - pose["right_hip"]
        up = pose["neck"] - (pose["left_hip"] + pose["right_hip"]) / 2
        forward = np.cross(across, up)
        same.append(forward @ pose["face"] > 0)
    assert np.mean(same) > 0.95


def test_a_joint_that_is_drawn_over_is_not_visible(drawn):
    hidden = [one for one in drawn if not all(one.visible.values())]
    assert hidden
    # The pixels around a visible wrist are of its forearm, so they differ from the background.
    behind = np.full((SIZE, SIZE, 3), 128, np.uint8)
    plain = draw_figure(RandomNumbers(1, 2, 3), SIZE, behind)
    corner = plain.pixels[:4, :4].astype(int).mean((0, 1))
    for name, place in plain.joints.items():
        if name not in ("head_top",) and plain.visible[name]:
            x, y = (int(number) for number in place)
            found = plain.pixels[y, x].astype(int)
            assert np.abs(found - corner).max() > 5, name


def test_a_limb_covers_its_area():
    canvas = Canvas(np.zeros((100, 100, 3), np.float32), (0, 0))
    canvas.limbs(7, [Limb((30, 50), (70, 50), 10, 10)], np.full(3, 200, np.float32))
    area = 40 * 20 + np.pi * 100
    assert (canvas.parts == 7).sum() == pytest.approx(area, rel=0.02)
    assert canvas.part_at((50, 50)) == 7
    assert canvas.part_at((50, 65)) == 0
    assert canvas.pixels[50, 50] == pytest.approx(200, abs=1)
    # Outside of the picture, nothing is drawn.
    canvas.limbs(8, [Limb((-40, -40), (-30, -30), 5, 5)], np.full(3, 200, np.float32))
    assert not (canvas.parts == 8).any()


def test_backgrounds_differ():
    pictures = [background(RandomNumbers(5, index), 48) for index in range(20)]
    assert all(picture.shape == (48, 48, 3) for picture in pictures)
    assert all(picture.min() >= 0 and picture.max() <= 256 for picture in pictures)
    assert len({picture.tobytes() for picture in pictures}) == 20


def test_background_patches_have_no_joint_near():
    joints = [(20.0, 30.0), (60.0, 80.0)]
    places = background_places(RandomNumbers(6), (100, 120), joints, 30)
    assert len(places) == BACKGROUND_PATCHES
    for x, y in places:
        assert 0 <= x <= 120
        assert 0 <= y <= 100
        assert min(np.hypot(x - a, y - b) for a, b in joints) >= 15
    assert background_places(RandomNumbers(6), (10, 10), [(5.0, 5.0)], 30) == []


@pytest.mark.slow
def test_patches_have_every_label(patches):
    assert patches.labels == LABELS == data.describe("figures").labels
    assert LABELS[-1] == "background"
    for split in SPLITS:
        of_split = getattr(patches, split)
        assert (of_split.x.shape[1:], of_split.x.dtype) == ((32, 32, 3), np.uint8)
        shares = np.bincount(of_split.y, minlength=9) / len(of_split)
        # A head and a neck in each picture, but two of the other joints; some are hidden.
        assert shares.min() > 0.04
        assert shares.max() < 0.35
    assert len(patches.train) > 10 * COUNTS["train"]


@pytest.mark.slow
def test_patches_of_a_person_are_in_one_split(patches):
    content = [{x.tobytes() for x in getattr(patches, split).x} for split in SPLITS]
    assert sum(map(len, content)) == len(set().union(*content))


@pytest.mark.slow
def test_the_data_set_is_read_again_from_the_cache(patches):
    again = data.load("figures")
    assert again.fingerprint == patches.fingerprint
    assert np.array_equal(again.test.x[:100], patches.test.x[:100])


@pytest.mark.slow
def test_coordinates_are_those_of_the_drawing(coordinates):
    assert coordinates.values == data.describe("figure_joints").values
    assert [len(getattr(coordinates, split)) for split in SPLITS] == list(COUNTS.values())
    wanted = figure("validation", 5, PICTURE_SIZE)
    assert np.array_equal(coordinates.validation.x[5], wanted.pixels)
    places = np.ravel([wanted.joints[name] for name in JOINTS]) / PICTURE_SIZE
    np.testing.assert_allclose(coordinates.validation.y[5], places, atol=1e-6)
    names = [value.name for value in coordinates.values]
    assert names == [f"{name}_{axis}" for name in JOINTS for axis in "xy"]
    assert 0 < coordinates.train.y.min() < coordinates.train.y.max() < 1

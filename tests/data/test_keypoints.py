"""Named points in photos: read, split, and as patches and coordinates."""

import os
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zoo import data
from zoo.data.joint_labels import BACKGROUND_PATCHES, joint_of
from zoo.data.keypoint_patches import SHARE, SIZE, patch
from zoo.data.keypoints import Point, read_keypoints
from zoo.data.photos import Photos
from zoo.edge import decode
from zoo.errors import ZooError

SPLITS = ("train", "validation", "test")
PHOTOS = 16


@pytest.fixture(scope="session")
def poses_dir(photos_dir):
    """The folder of photos of people in sport, with 14 joints each."""
    folder = Path(os.environ.get("ZOO_POSES") or photos_dir.parent / "poses")
    if not (folder / "joints.csv").is_file():
        absent = pytest.fail if os.environ.get("ZOO_DATA_REQUIRED") else pytest.skip
        absent(f"no poses in {folder}: export ZOO_POSES=FOLDER that holds images/ and joints.csv")
    return folder


@pytest.fixture(autouse=True)
def cache_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def few(poses_dir, tmp_path):
    """The first photos and their points, in a folder that may be changed."""
    folder = tmp_path / "few"
    (folder / "images").mkdir(parents=True)
    header, *lines = (poses_dir / "joints.csv").read_text().splitlines()
    names = sorted(path.name for path in (poses_dir / "images").iterdir())[:PHOTOS]
    for name in names:
        shutil.copyfile(poses_dir / "images" / name, folder / "images" / name)
    kept = [line for line in lines if line.split(",")[0] in names]
    (folder / "joints.csv").write_text("\n".join([header, *kept]) + "\n")
    return folder


def edit(folder, line, old, new):
    """Replace a text in one line of the CSV."""
    path = folder / "joints.csv"
    lines = path.read_text().splitlines()
    assert old in lines[line - 1]
    lines[line - 1] = lines[line - 1].replace(old, new, 1)
    path.write_text("\n".join(lines) + "\n")


def patches_of(folder):
    """Return photo → its patches, computed from the CSV here."""
    found = {}
    for image, points in read_keypoints(folder).points.items():
        photo = decode(folder / "images" / image)
        visible = [point for point in points if point.visible]
        found[image] = [(patch(photo, point, visible).tobytes(), point.name) for point in visible]
    return found


def load(folder):
    return data.load(f"keypoints:{folder}")


def test_patches_of_a_photo_are_in_one_split_with_their_names(few):
    dataset = load(few)
    assert (dataset.name, dataset.kind, dataset.skipped) == ("keypoints:few", "image", ())
    assert len(dataset.labels) == 14
    split_of = {}
    for split in SPLITS:
        examples = getattr(dataset, split)
        assert (examples.x.shape[1:], examples.x.dtype) == ((SIZE, SIZE, 3), np.uint8)
        for x, y in zip(examples.x, examples.y, strict=True):
            split_of[x.tobytes(), dataset.labels[y]] = split
    photos = dict.fromkeys(SPLITS, 0)
    for patches in patches_of(few).values():
        (split,) = {split_of.pop(one) for one in set(patches)}
        photos[split] += 1
    assert split_of == {}
    assert photos == {"train": 11, "validation": 2, "test": 3}
    assert load(few).fingerprint == dataset.fingerprint


def test_a_patch_is_a_quarter_of_the_extent_around_its_point():
    random = np.random.default_rng(0)
    photo = random.integers(0, 256, (300, 200, 3), np.uint8)
    centre, far = Point(2, "a", "b", 100, 150, True), Point(3, "a", "c", 100, 150 + 128, True)
    # 128 pixels apart, a patch of 32 pixels is not resized.
    assert SHARE * 128 == SIZE
    assert np.array_equal(patch(photo, centre, [centre, far]), photo[134:166, 84:116])
    corner = Point(2, "a", "b", 0, 0, True)
    found = patch(photo, corner, [corner, Point(3, "a", "c", 0, 128, True)])
    assert np.array_equal(found[16:, 16:], photo[:16, :16])
    assert (found[:16, :16] == photo[0, 0]).all()
    alone = patch(photo, centre, [centre])
    side = SHARE * 200
    box = (100 - side / 2, 150 - side / 2, 100 + side / 2, 150 + side / 2)
    wanted = Image.fromarray(photo).resize((SIZE, SIZE), Image.Resampling.BILINEAR, box)
    assert np.array_equal(alone, np.asarray(wanted))


def test_equal_photos_are_in_one_split(few):
    lines = (few / "joints.csv").read_text().splitlines()
    names = sorted(path.name for path in (few / "images").iterdir())
    for name in names:
        shutil.copyfile(few / "images" / name, few / "images" / f"copy{name}")
    copies = [f"copy{line}" for line in lines[1:]]
    (few / "joints.csv").write_text("\n".join([*lines, *copies]) + "\n")
    dataset = load(few)
    content = [{x.tobytes() for x in getattr(dataset, split).x} for split in SPLITS]
    assert sum(map(len, content)) == len(set().union(*content))


def test_what_is_left_out_is_said(few):
    whole = load(few)
    (few / "images" / "more.jpg").write_bytes((few / "images" / "im00001.jpg").read_bytes())
    edit(few, 3, "26.03", "-26.03")
    names = sorted(path.name for path in (few / "images").iterdir())
    (few / "images" / names[4]).write_bytes(b"no photo")
    dataset = load(few)
    assert dataset.skipped == (names[4],)
    notes = "\n".join(dataset.notes)
    assert "1 photo in images/ has no points and is left out." in notes
    assert "1 visible point lies outside of the photo and is left out." in notes
    lost = 1 + sum(point.visible for point in read_keypoints(few).points[names[4]])
    sizes = [sum(len(getattr(one, split)) for split in SPLITS) for one in (whole, dataset)]
    assert sizes[0] - sizes[1] == lost
    assert load(few).notes == dataset.notes


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: shutil.rmtree(folder), "There is no folder"),
        (lambda folder: (folder / "joints.csv").unlink(), "has no CSV file of points; give one"),
        (lambda folder: shutil.copy(folder / "joints.csv", folder / "b.csv"), "has 2 CSV files"),
        (lambda folder: shutil.rmtree(folder / "images"), "has no folder images"),
        (
            lambda folder: (folder / "images" / "im00002.jpg").unlink(),
            "line 16: column image names 'im00002.jpg', and there is no such photo in",
        ),
        (lambda folder: edit(folder, 1, "joint", "part"), "has no column name; its first line is"),
        (lambda folder: edit(folder, 1, "joint", "x"), "has no column name"),
        (lambda folder: edit(folder, 3, "26.03", "left"), "line 3: column x is 'left'; give a num"),
        (lambda folder: edit(folder, 3, "86.41", "nan"), "line 3: column y is 'nan'; give a num"),
        (lambda folder: edit(folder, 3, "86.41", ""), "line 3: column y is ''; give a number"),
        (lambda folder: edit(folder, 3, ",1", ",maybe"), "line 3: column visible is 'maybe'; give"),
        (lambda folder: edit(folder, 3, ",1", ""), "another number of cells in line 3"),
        (lambda folder: edit(folder, 3, "right_knee", ""), "Line 3 .* name of a point that is emp"),
        (
            lambda folder: (folder / "joints.csv").write_text(
                (folder / "joints.csv").read_text().replace(",1\n", ",0\n")
            ),
            "has no visible points; give at least one",
        ),
        (
            lambda folder: (folder / "joints.csv").write_text(
                "\n".join((folder / "joints.csv").read_text().splitlines()[:15])
            ),
            "There are points in 1 different readable photo, but at least 3",
        ),
        (
            lambda folder: (folder / "joints.csv").write_bytes(b"image,name,x,y,visible\n\xff"),
            "cannot be read as CSV",
        ),
    ],
)
def test_a_mistake_is_one_sentence(few, damage, message):
    damage(few)
    with pytest.raises(ZooError, match=message) as caught:
        data.load(f"keypoints:{few}")
    assert "\n" not in str(caught.value)


def test_coordinates_are_shares_of_the_photo(few):
    dataset = data.keypoint_coordinates(few)
    names = sorted({point.name for of in read_keypoints(few).points.values() for point in of})
    assert [value.name for value in dataset.values] == [
        f"{name}_{axis}" for name in names for axis in "xy"
    ]
    complete = {}
    for image, points in read_keypoints(few).points.items():
        height, width = decode(few / "images" / image).shape[:2]
        if all(point.visible for point in points):
            of = {point.name: (point.x / width, point.y / height) for point in points}
            complete[(few / "images" / image).read_bytes()] = np.ravel([of[n] for n in names])
    found = {}
    for split in SPLITS:
        examples = getattr(dataset, split)
        assert isinstance(examples.x, Photos)
        assert examples.y.dtype == np.float32
        for index, y in enumerate(examples.y):
            found[examples.x.encoded(index)] = y
    assert found.keys() == complete.keys()
    for content, y in found.items():
        np.testing.assert_allclose(y, complete[content], atol=1e-6)
    missing = PHOTOS - len(complete)
    assert dataset.notes[0].startswith(f"{missing} of {PHOTOS} photos do not have every point")


def test_two_points_of_a_name_have_no_coordinates(few):
    edit(few, 3, "right_knee", "right_hip")
    with pytest.raises(ZooError, match=r"line 4: im00001\.jpg has a second point named right_hip"):
        data.keypoint_coordinates(few)


def test_joints_are_labelled_without_their_side_and_with_background(few):
    dataset, points = data.load(f"joints:{few}"), load(few)
    assert dataset.name == "joints:few"
    assert dataset.labels == data.describe("figures").labels
    found, wanted = Counter(), Counter()
    for split in SPLITS:
        patches, of_points = getattr(dataset, split), getattr(points, split)
        labels = [dataset.labels[y] for y in patches.y]
        # The same patches, in the same splits, and background patches.
        pairs = zip(patches.x, labels, strict=True)
        named = {x.tobytes() for x, label in pairs if label != "background"}
        assert named == {x.tobytes() for x in of_points.x}
        found.update(labels)
        wanted.update(joint_of(points.labels[y]) for y in of_points.y)
    background = found.pop("background")
    assert found == wanted
    assert PHOTOS <= background <= PHOTOS * BACKGROUND_PATCHES
    assert data.load(f"joints:{few}").fingerprint == dataset.fingerprint


def test_joints_count_points_outside_of_the_photo(few):
    edit(few, 3, "26.03", "-26.03")
    notes = "\n".join(data.load(f"joints:{few}").notes)
    assert "1 visible point lies outside of the photo and is left out." in notes


def test_a_model_learns_joints(poses_dir, tmp_path, run_zoo):
    options = ["--set", "depth=1", "--set", "width=128", "--epochs", "4", "--seed", "0"]
    words = ["train", "deep_relu", "--dataset", f"keypoints:{poses_dir}", *options]
    done = run_zoo(*words, "--run-dir", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert "head_top: 215" in done.stdout
    test = next(line for line in done.stdout.splitlines() if line.startswith("Test:"))
    accuracy = float(test.split("accuracy ")[1].split()[0])
    # By chance one of 14, give or take 0.01; left and right are hard to tell apart in a patch.
    assert accuracy > 0.1

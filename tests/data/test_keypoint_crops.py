"""Views of photos on which a dot of its own colour marks each point, so that it can be found."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from zoo import ZooError, data
from zoo.data.dataset import SPLITS
from zoo.data.keypoint_crops import VIEWS
from zoo.data.person_views import MARGIN, SIZE

COLORS = {"left_hand": (255, 0, 0), "nose": (0, 255, 0), "right_hand": (0, 0, 255)}
MIRRORED = {"left_hand": "right_hand", "right_hand": "left_hand", "nose": "nose"}
PHOTOS = 20


def write(folder, names=tuple(COLORS)):
    """Write photos with three dots, near the edge of the photo."""
    random = np.random.default_rng(0)
    (folder / "images").mkdir()
    lines = ["image,name,x,y,visible"]
    for photo in range(PHOTOS):
        width, height = random.integers(150, 300, 2)
        image = Image.new("RGB", (int(width), int(height)), (128, 128, 128))
        drawing = ImageDraw.Draw(image)
        places = np.array([[30, 45], [70, 30], [115, 125]]) + random.uniform(-15, 15, (3, 2))
        for name, color, (x, y) in zip(names, COLORS.values(), places, strict=True):
            drawing.ellipse((x - 5, y - 5, x + 5, y + 5), fill=color)
            lines.append(f"{photo}.png,{name},{x:.2f},{y:.2f},{int(photo != 3)}")
        image.save(folder / "images" / f"{photo}.png")
    (folder / "points.csv").write_text("\n".join(lines))
    return folder


def place_of(picture, color):
    """Return the middle of the pixels of a colour, in shares of the picture's side."""
    like = np.abs(picture.astype(int) - color).sum(axis=2) < 150
    rows, columns = np.nonzero(like)
    return np.array([columns.mean() + 0.5, rows.mean() + 0.5]) / len(picture)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    return data.load(f"coordinates:{write(tmp_path_factory.mktemp('dots'))}")


def test_sizes_types_and_notes(loaded):
    assert loaded.name.startswith("coordinates:dots")
    assert [value.name for value in loaded.values][:2] == ["left_hand_x", "left_hand_y"]
    sizes = [len(getattr(loaded, split)) for split in SPLITS]
    assert sizes[0] % VIEWS == 0
    assert sizes[0] // VIEWS + sizes[1] + sizes[2] == PHOTOS - 1
    assert loaded.test.x.shape[1:] == (SIZE, SIZE, 3)
    assert (loaded.test.x.dtype, loaded.test.y.dtype) == (np.uint8, np.float32)
    left_out, views = loaded.notes
    assert left_out == "1 of 20 photos do not have every point visible and are left out."
    assert f"{sizes[0] // VIEWS} training photos is in it {VIEWS} times" in views


@pytest.mark.parametrize("split", SPLITS)
def test_the_coordinates_are_where_the_dots_are(loaded, split):
    examples = getattr(loaded, split)
    errors = {"plain": [], "mirrored": []}
    for picture, y in zip(examples.x, examples.y.reshape(-1, 3, 2), strict=True):
        # A dot that the edge of a view cuts has its middle elsewhere.
        if not ((y > 0.08) & (y < 0.92)).all():
            continue
        # A mirrored picture has the colour of the left hand at its right hand.
        plain = [place_of(picture, COLORS[name]) for name in COLORS]
        mirrored = [place_of(picture, COLORS[MIRRORED[name]]) for name in COLORS]
        one, other = np.abs(y - plain).max(), np.abs(y - mirrored).max()
        errors["plain" if one < other else "mirrored"].append(min(one, other))
    both = errors["plain"] + errors["mirrored"]
    assert len(both) > len(examples) / 2
    assert max(both) < 0.02
    share = len(errors["mirrored"]) / len(both)
    assert (0.35 < share < 0.65) if split == "train" else share == 0


def test_a_test_picture_is_the_square_around_the_points(loaded):
    points = loaded.test.y.reshape(-1, 3, 2)
    longer = np.ptp(points, axis=1).max(axis=1)
    np.testing.assert_allclose(longer, 1 / MARGIN, atol=1e-4)
    middle = (points.min(axis=1) + points.max(axis=1)) / 2
    np.testing.assert_allclose(middle, 0.5, atol=1e-4)


def test_the_same_photos_give_the_same_views(loaded, tmp_path):
    again = data.load(f"coordinates:{write(tmp_path)}")
    assert again.fingerprint == loaded.fingerprint
    np.testing.assert_array_equal(again.train.x, loaded.train.x)


def test_points_without_sides_are_not_mirrored(tmp_path):
    dataset = data.load(f"coordinates:{write(tmp_path, ('a', 'b', 'c'))}")
    assert "mirrored" not in dataset.notes[-1]
    for picture, y in zip(dataset.train.x, dataset.train.y.reshape(-1, 3, 2), strict=True):
        if ((y > 0.08) & (y < 0.92)).all():
            wanted = [place_of(picture, color) for color in COLORS.values()]
            np.testing.assert_allclose(y, wanted, atol=0.02)


def test_two_points_of_a_name_are_refused(tmp_path):
    folder = write(tmp_path, ("a", "b", "b"))
    with pytest.raises(ZooError, match=r"line 4: 0\.png has a second point named b; give one"):
        data.load(f"coordinates:{folder}")


@pytest.mark.parametrize(
    ("folder", "message"),
    [("", "names no folder; write coordinates:F"), ("no", "no folder no")],
)
def test_a_folder_that_is_missing_is_one_sentence(folder, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ZooError, match=message):
        data.load(f"coordinates:{folder}")

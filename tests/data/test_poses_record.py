"""What `tools/results.py poses` measures, on photos whose joints are known."""

import numpy as np
import pytest
from PIL import Image
from records import poses
from records.together import together

from zoo import ZooError, data
from zoo.data.figures import figure
from zoo.registry.tasks.pictures import JOINTS, TORSO

PHOTOS = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Photos of drawn people, on which joints are marked as visible or hidden as they are."""
    folder = tmp_path_factory.mktemp("people")
    (folder / "images").mkdir()
    lines = ["image,joint,x,y,visible"]
    for photo in range(PHOTOS):
        drawn = figure("train", photo, 96)
        Image.fromarray(drawn.pixels).save(folder / "images" / f"{photo}.png")
        for name in JOINTS:
            x, y = drawn.joints[name]
            lines.append(f"{photo}.png,{name},{x:.3f},{y:.3f},{int(drawn.visible[name])}")
    (folder / "joints.csv").write_text("\n".join(lines))
    return folder


def test_photos_with_hidden_joints_are_measured_by_the_visible_ones(folder):
    test = poses._visible_joints(folder)
    assert test.visible[:, list(TORSO)].all()
    complete = test.visible.all(axis=1)
    assert 0 < complete.sum() < len(complete)
    # Complete photos are the test data of the data set.
    known = data.load(f"coordinates:{folder}").test
    torso_seen = {photo.tobytes(): y for photo, y in zip(known.x, known.y, strict=True)}
    for photo, points in zip(test.x[complete], test.points[complete], strict=True):
        np.testing.assert_allclose(torso_seen[photo.tobytes()], points.ravel(), atol=1e-5)
    right = test.points.reshape(len(test.x), -1)
    assert poses._share_of_visible(right, test) == 1.0
    # A hidden joint does not count, wherever it is predicted.
    anywhere = np.where(test.visible[..., None], test.points, 9.0).reshape(right.shape)
    assert poses._share_of_visible(anywhere, test) == 1.0
    assert poses._share_of_visible(right + 1, test) == 0.0


def test_photos_and_drawn_people_are_trained_on_together(folder):
    real = data.load(f"coordinates:{folder}")
    joined = together(real, real, 1, "both")
    assert len(joined.train) == 2 * len(real.train)
    assert joined.values == real.values
    np.testing.assert_array_equal(joined.test.x, real.test.x)


def test_other_points_and_one_seed_are_refused(tmp_path, folder):
    with pytest.raises(ZooError, match="number of seeds is 1; give 2 or more"):
        poses.poses(folder, 1)
    (tmp_path / "images").mkdir()
    Image.new("RGB", (9, 9)).save(tmp_path / "images" / "a.png")
    (tmp_path / "points.csv").write_text("image,name,x,y,visible\na.png,nose,1,1,1\n")
    with pytest.raises(ZooError, match="are not the joints head_top, left_ankle"):
        poses._visible_joints(tmp_path)

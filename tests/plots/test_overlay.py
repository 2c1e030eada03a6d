"""Points and boxes are drawn where they are."""

import numpy as np
import pytest
from matplotlib.patches import Rectangle

import zoo
from zoo.plots.overlay import overlay_picture, photo_picture
from zoo.plots.places import LIMBS
from zoo.plots.style import SECOND, save
from zoo.registry.tasks.pictures import BOX, JOINTS, POSE

PICTURES = [np.full((20, 40, 3), 90, np.uint8)] * 15
TRUE = np.tile([0.25, 0.25, 0.75, 0.75], (15, 1))
# The later, the worse.
FOUND = TRUE + np.linspace(0, 0.3, 15)[:, None] * [1, 0, 1, 0]


def boxes_of(axes):
    return [one.get_bbox().extents for one in axes.patches if isinstance(one, Rectangle)]


def test_boxes_come_from_the_best_to_the_worst(tmp_path):
    figure = overlay_picture(PICTURES, FOUND, TRUE, BOX, "a title")
    save(figure, tmp_path / "overlay.png")
    shown = [axes for axes in figure.axes if axes.patches]
    assert len(shown) == 12
    best, worst = (boxes_of(axes) for axes in (shown[0], shown[-1]))
    np.testing.assert_allclose(best, [[10, 5, 30, 15]] * 2)
    np.testing.assert_allclose(worst, [[10, 5, 30, 15], [22, 5, 42, 15]])
    assert shown[0].get_title() == "IoU 1.000"
    # 8 of 32 pixels in common.
    assert shown[-1].get_title() == "IoU 0.250"


@pytest.mark.parametrize(("names", "limbs"), [(POSE, len(LIMBS)), (("a_x", "a_y"), 0)])
def test_points_are_drawn_with_limbs_only_for_a_pose(names, limbs, tmp_path):
    random = np.random.default_rng(0)
    truth = random.uniform(0.1, 0.9, (3, len(names)))
    figure = overlay_picture(PICTURES[:3], truth + 0.05, truth, names, "a title")
    save(figure, tmp_path / "overlay.svg")
    first = figure.axes[0]
    assert len(first.lines) == 2 * limbs
    assert first.get_title() == f"distance {0.05 * np.sqrt(2):.3f}"
    points = np.concatenate([one.get_offsets() for one in first.collections])
    assert len(points) == len(names)


def test_limbs_join_neighbours():
    joined = {frozenset((JOINTS[one], JOINTS[other])) for one, other in LIMBS}
    assert frozenset(("left_knee", "left_ankle")) in joined
    assert not any("left_knee" in pair and "right_knee" in pair for pair in joined)
    assert set().union(*joined) == set(JOINTS)


def test_a_photo_keeps_its_form(tmp_path):
    figure = photo_picture(PICTURES[0], FOUND[3], BOX, "a title")
    save(figure, tmp_path / "photo.png")
    (axes,) = figure.axes
    assert (axes.get_xlim(), axes.get_ylim()) == ((0, 40), (20, 0))
    (box,) = axes.patches
    assert box.get_edgecolor()[:3] == tuple(int(SECOND[at : at + 2], 16) / 255 for at in (1, 3, 5))


def test_a_model_without_places_has_no_overlay():
    with pytest.raises(zoo.ZooError, match="does not apply to xor_mlp, which predicts labels"):
        zoo.describe("xor_mlp").task.require_plot("overlay", "xor_mlp")

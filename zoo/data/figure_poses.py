"""The data set `figure_poses`: the people of `figure_joints`, cut out as those of photos are."""

from __future__ import annotations

import numpy as np

from zoo.data.dataset import SPLITS, Dataset
from zoo.data.figures import PICTURE_SIZE, Examples, drawn_people, figure
from zoo.data.person_views import cut_person, mirrored_names, plain_view, random_view
from zoo.data.random_numbers import RandomNumbers
from zoo.data.writing import Progress
from zoo.registry.tasks.pictures import JOINTS

# As many people as a network needs that is given nothing but pictures.
COUNTS = {"train": 8_000, "validation": 400, "test": 800}
# How many views there are of each person in the training split.
VIEWS = 3
_SEED = 2014


def figure_poses(progress: Progress | None = None) -> Dataset:
    """Return square pictures of drawn people, 48 × 48, with the coordinates of their joints.

    They are the people of `figure_joints`, and more, cut out as `coordinates:` cuts people out of
    photos: a square around the joints fills the picture. Each of the 8,000 people to train on is
    in three pictures: as it is, and in two views that are larger, shifted, turned, and mirrored
    with probability ½. The values are x and y of 14 joints, in shares of the picture's side; joints
    that are hidden have coordinates too.

    Args:
        progress: called with (done, total) while people are drawn.
    """
    return drawn_people("figure_poses", views_of, (), progress, COUNTS)


def views_of(split: str, index: int) -> Examples:
    """Return the pictures of one person, and the coordinates of the joints in each.

    Args:
        split: "train", "validation" or "test".
        index: from 0 up.
    """
    drawn = figure(split, index, PICTURE_SIZE)
    person = cut_person(drawn.pixels, np.array([drawn.joints[name] for name in JOINTS]))
    views = [plain_view(person)]
    if split == "train":
        random = RandomNumbers(_SEED, SPLITS.index(split), index)
        mirrored = mirrored_names(JOINTS)
        views += [random_view(person, random, mirrored) for _ in range(VIEWS - 1)]
    return [view.picture for view in views], [
        view.points.ravel().astype(np.float32) for view in views
    ]

"""A data set of people cut out of photos and the coordinates of their points, for regressors."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from zoo import edge
from zoo.data.dataset import SPLITS, Dataset, Split, computed_dataset, example_digest
from zoo.data.keypoint_coordinates import complete_points, require_every_split, values_of
from zoo.data.keypoints import read_keypoints, split_photos
from zoo.data.person_views import (
    Person,
    View,
    cut_person,
    mirrored_names,
    plain_view,
    random_view,
)
from zoo.data.places import Request
from zoo.data.random_numbers import RandomNumbers
from zoo.data.splits import canonical_order
from zoo.errors import ZooError
from zoo.utils.text import printable

# How many views there are of each training photo.
VIEWS = 40


def load_coordinates(request: Request) -> Dataset:
    """Return the data set of people and the coordinates of their points, NAME_x and NAME_y.

    x are uint8 (n, 48, 48, 3): the square with the centre of the box around a photo's points and
    1.25 times its longer side; what lies outside of the photo repeats the photo's edge. y are
    float32 (n, 2 · names): x and y of each name, in alphabetical order, in shares of the square's
    side from its left and upper edge.

    Photos with every point visible and inside are taken, the others are counted in a note; the
    splits are those of the patches of the same folder. A training photo is in the data set 40
    times: as it is, and in 39 views of a square up to 1.3 times as large, shifted by up to 6 % of
    its side, turned by up to 25°, and, if there are names that begin with left_ and right_,
    mirrored with probability ½ with those names exchanged; the views follow from the
    photo's name.

    Args:
        request: its `data_dir` is a folder as `read_keypoints` takes it.

    Raises:
        ZooError: as `read_keypoints`; if a photo has two points of one name, or a split has no
            photo with all points.
    """
    if request.data_dir is None:
        raise ZooError("The data set coordinates needs a folder; write coordinates:FOLDER.")
    keypoints = read_keypoints(request.data_dir)
    digests: dict[str, bytes] = {}
    people: dict[str, Person] = {}
    skipped = []
    for done, image in enumerate(keypoints.points, start=1):
        try:
            photo = edge.decode(keypoints.photo(image))
        except edge.InputError:
            skipped.append(printable(image))
            continue
        digests[image] = example_digest(photo)
        points = complete_points(keypoints, image, photo.shape[:2])
        if points is not None:
            people[image] = cut_person(photo, np.array([(point.x, point.y) for point in points]))
        if request.progress:
            request.progress(done, len(keypoints.points))
    split_of = split_photos(digests)
    images = sorted(people)
    ordered = [images[at] for at in canonical_order(images)]
    by_split = {split: [image for image in ordered if split_of[image] == split] for split in SPLITS}
    require_every_split(keypoints, by_split)
    mirrored = mirrored_names(keypoints.names)
    splits = {
        split: _split([_views(people[image], image, split, mirrored) for image in by_split[split]])
        for split in SPLITS
    }
    dataset = computed_dataset(request.name, "image", splits, values=values_of(keypoints))
    missing = len(digests) - len(people)
    incomplete = f"{missing:,} of {len(digests):,} photos do not have every point visible and are "
    views = f"Each of the {len(by_split['train']):,} training photos is in it {VIEWS} times: turned"
    return replace(
        dataset,
        skipped=tuple(skipped),
        notes=(
            *keypoints.notes,
            *([f"{incomplete}left out."] if missing else []),
            f"{views}, shifted, scaled{', mirrored' if mirrored is not None else ''}.",
        ),
    )


def _views(person: Person, image: str, split: str, mirrored: Sequence[int] | None) -> list[View]:
    """Return the views of a photo that are in a split."""
    plain = plain_view(person)
    if split != "train":
        return [plain]
    seed = int.from_bytes(hashlib.sha256(image.encode()).digest()[:8], "little")
    random = RandomNumbers(seed)
    return [plain, *(random_view(person, random, mirrored) for _ in range(VIEWS - 1))]


def _split(views: Sequence[Sequence[View]]) -> Split:
    every = [view for of_photo in views for view in of_photo]
    y = np.stack([view.points.ravel() for view in every]).astype(np.float32)
    return Split(np.stack([view.picture for view in every]), y)

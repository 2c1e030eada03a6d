"""How well pose_regressor finds joints, on drawn people and in photos."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from records.keeping import keep
from records.together import together
from zoo import data, edge, training
from zoo.data import Dataset
from zoo.data.dataset import example_digest
from zoo.data.keypoints import is_inside, read_keypoints, split_photos
from zoo.data.person_views import cut_person, plain_view
from zoo.errors import ZooError
from zoo.nn import loading
from zoo.registry.tasks import MEAN_DISTANCE, PCK
from zoo.registry.tasks.pictures import CORRECT, JOINTS, TORSO

_MODEL, _DRAWN = "pose_regressor", "figure_poses"


class _Visible(NamedTuple):
    """Test photos of which some joints are hidden.

    Args:
        x: uint8 (n, h, w, 3), squares around the joints that are visible.
        points: (x, y) of all joints, (n, 14, 2), anything where they are hidden.
        visible: (n, 14).
    """

    x: np.ndarray
    points: np.ndarray
    visible: np.ndarray


def poses(folder: Path, seeds: int) -> None:
    """Write PCK and mean distance of pose_regressor, and of the mean pose, to docs/results/.

    Args:
        folder: photos with the 14 joints of `JOINTS`, as `coordinates:` takes it.
        seeds: how many trainings of each kind.
    """
    if seeds < 2:
        raise ZooError(f"The number of seeds is {seeds}; give 2 or more.")
    drawn, real = data.load(_DRAWN), data.load(f"coordinates:{folder}")
    visible = _visible_joints(folder)
    both = replace(together(drawn, real, 1, "drawn people and photos"), standardize=False)
    description = (
        f"PCK@0.2 in % and mean distance in % of the picture's side, on the {len(drawn.test):,} "
        f"test pictures of `{_DRAWN}` (drawn), on the {len(real.test)} test photos of "
        f"`coordinates:` with every joint visible (photos), and PCK@0.2 of the "
        f"{int(visible.visible.sum()):,} visible joints of all {len(visible.x)} test photos whose "
        "torso is visible (visible joints). No test photo, nor a drawn test person, was trained "
        "on. A joint is correct within 0.2 of the distance from the left shoulder to the right "
        f"hip. pose_regressor, recipe `best`: mean ± standard deviation over {seeds} seeds. The "
        "mean pose predicts the mean of the training coordinates for every picture. The square "
        "around a person comes from the true joints, so that finding the person is not part of "
        "the task. Published figures of DeepPose are of other photos, of more than a hundred "
        "times as many to train on, and of convolutional networks."
    )
    rows: list[dict[str, str]] = []

    def add(what: str, predictions: Sequence[Any]) -> None:
        rows.append({"trained on": what, **_figures(predictions, drawn, real, visible)})
        print(rows[-1], flush=True)
        on = [{"name": of.name, "fingerprint": of.fingerprint} for of in (drawn, real)]
        keep("poses", description, rows, *on)

    for name, dataset in (("drawn people", drawn), ("photos", real)):
        add(f"(the mean pose of {name})", [_mean_pose(dataset)])
    for name, dataset in (("drawn people", drawn), ("photos", real), ("both together", both)):
        models = []
        for seed in range(seeds):
            with tempfile.TemporaryDirectory() as run:
                training.train(_MODEL, dataset=dataset, seed=seed, run_dir=run)
                models.append(_predictor(loading.load_model(run)))
        add(name, models)


def _mean_pose(dataset: Dataset) -> Any:
    mean = dataset.train.y.mean(axis=0)
    return lambda x: np.tile(mean, (len(x), 1))


def _predictor(model: Any) -> Any:
    return lambda x: model.predict(np.asarray(x), batch_size=250, verbose=0)


def _figures(
    predictions: Sequence[Any], drawn: Dataset, real: Dataset, visible: _Visible
) -> dict[str, str]:
    figures: dict[str, list[float]] = {}
    for predict in predictions:
        for name, test in (("drawn", drawn.test), ("photos", real.test)):
            found = predict(test.x)
            figures.setdefault(f"{name}: PCK", []).append(PCK.compute(found, test.y))
            distance = MEAN_DISTANCE.compute(found, test.y)
            figures.setdefault(f"{name}: distance", []).append(distance)
        share = _share_of_visible(predict(visible.x), visible)
        figures.setdefault("visible joints: PCK", []).append(share)
    return {name: _text(of) for name, of in figures.items()}


def _text(figures: Sequence[float]) -> str:
    mean = f"{100 * statistics.fmean(figures):.1f}"
    return mean if len(figures) == 1 else f"{mean} ± {100 * statistics.stdev(figures):.1f}"


def _share_of_visible(found: np.ndarray, test: _Visible) -> float:
    distances = np.linalg.norm(found.reshape(-1, len(JOINTS), 2) - test.points, axis=2)
    torso = np.linalg.norm(test.points[:, TORSO[0]] - test.points[:, TORSO[1]], axis=1)
    return float((distances <= CORRECT * torso[:, None])[test.visible].mean())


def _visible_joints(folder: Path) -> _Visible:
    keypoints = read_keypoints(folder)
    if keypoints.names != JOINTS:
        raise ZooError(f"The points of {folder} are not the joints {', '.join(JOINTS)}.")
    photos = {image: edge.decode(keypoints.photo(image)) for image in sorted(keypoints.points)}
    split_of = split_photos({image: example_digest(photo) for image, photo in photos.items()})
    x, points, visible = [], [], []
    for image, photo in photos.items():
        if split_of[image] != "test":
            continue
        of = {point.name: point for point in keypoints.points[image]}
        seen = [of[name].visible and is_inside(of[name], photo.shape[:2]) for name in JOINTS]
        if not all(seen[joint] for joint in TORSO):
            continue
        places = np.array([(of[name].x, of[name].y) for name in JOINTS])
        view = plain_view(cut_person(photo, places[seen]))
        x.append(view.picture)
        points.append(np.zeros(places.shape))
        points[-1][seen] = view.points
        visible.append(seen)
    return _Visible(np.stack(x), np.stack(points), np.array(visible))

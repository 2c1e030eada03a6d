"""Robustness: a model's accuracy on corrupted test photos.

The corruptions follow slide 14 of the lecture, on what makes image classification hard:
illumination, occlusion, perspective and deformation. Each is one fixed change, applied to every
test photo; no model is trained on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from PIL import Image

from zoo.data.dataset import Split

_GRAY = 128


def _darker(photo: np.ndarray) -> np.ndarray:
    return np.round(photo * 0.5).astype(np.uint8)


def _brighter(photo: np.ndarray) -> np.ndarray:
    return np.round(255 - (255 - photo.astype(np.float32)) * 0.5).astype(np.uint8)


def _occluded(photo: np.ndarray) -> np.ndarray:
    height, width, _ = photo.shape
    occluded = photo.copy()
    occluded[height // 4 : height // 4 + height // 2, width // 4 : width // 4 + width // 2] = _GRAY
    return occluded


def _mirrored(photo: np.ndarray) -> np.ndarray:
    return photo[:, ::-1]


def _rotated(photo: np.ndarray) -> np.ndarray:
    rotated = Image.fromarray(photo).rotate(20, Image.Resampling.BILINEAR, fillcolor=(_GRAY,) * 3)
    return np.asarray(rotated)


def _closer(photo: np.ndarray) -> np.ndarray:
    height, width, _ = photo.shape
    box = (width / 6, height / 6, width - width / 6, height - height / 6)
    resized = Image.fromarray(photo).resize((width, height), Image.Resampling.BILINEAR, box)
    return np.asarray(resized)


def _deformed(photo: np.ndarray) -> np.ndarray:
    height, width, _ = photo.shape
    # Every row is shifted along a wave of one period, by up to a tenth of the width.
    shifts = np.round(width / 10 * np.sin(2 * np.pi * np.arange(height) / height)).astype(int)
    columns = (np.arange(width)[None, :] + shifts[:, None]) % width
    return photo[np.arange(height)[:, None], columns]


# Name, as on the slide → (description, function).
CORRUPTIONS: dict[str, tuple[str, Callable[[np.ndarray], np.ndarray]]] = {
    "illumination, dark": ("half as bright", _darker),
    "illumination, bright": ("half as far from white", _brighter),
    "occlusion": ("the central quarter gray", _occluded),
    "perspective, mirrored": ("left and right swapped", _mirrored),
    "perspective, rotated": ("rotated by 20°", _rotated),
    "perspective, closer": ("the middle two thirds, enlarged", _closer),
    "deformation": ("rows shifted along a wave", _deformed),
}


class CorruptedPhotos:
    """Photos to which a corruption is applied as they are iterated over.

    Args:
        photos: uint8 (h, w, 3) each.
        corrupt: maps a photo to another of the same size.
    """

    def __init__(self, photos: Iterable[np.ndarray], corrupt: Callable[[np.ndarray], np.ndarray]):
        self._photos = photos
        self._corrupt = corrupt

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self._corrupt(np.asarray(photo)) for photo in self._photos)


def corrupted(
    split: Split, corrupt: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray | CorruptedPhotos:
    """Return a split's photos corrupted: an array if they are one, else an iterable."""
    photos = CorruptedPhotos(split.x, corrupt)
    return np.stack(list(photos)) if isinstance(split.x, np.ndarray) else photos


def accuracies(
    decide: Callable[[object], np.ndarray], split: Split, labels: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Return the test accuracy under every corruption, and the recall of every label.

    Args:
        decide: maps photos to the indices of the predicted labels.
        split: photos and label indices.
        labels: names of the classes.

    Returns:
        {"corruptions": {name: accuracy}, "labels": {label: recall}}.
    """
    plain = decide(split.x)
    return {
        "corruptions": {
            name: float(np.mean(decide(corrupted(split, corrupt)) == split.y))
            for name, (_, corrupt) in CORRUPTIONS.items()
        },
        "labels": {
            label: float(np.mean(plain[split.y == index] == index))
            for index, label in enumerate(labels)
            if (split.y == index).any()
        },
    }

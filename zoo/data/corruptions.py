"""How a model fares on test photos made harder: what the lecture says makes seeing hard.

Each hardship is one change to the real test photos, the same for all of them: light, a part hidden,
the camera turned or moved closer, the object bent. Nothing is trained on them.
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


def _hidden(photo: np.ndarray) -> np.ndarray:
    height, width, _ = photo.shape
    hidden = photo.copy()
    hidden[height // 4 : height // 4 + height // 2, width // 4 : width // 4 + width // 2] = _GRAY
    return hidden


def _mirrored(photo: np.ndarray) -> np.ndarray:
    return photo[:, ::-1]


def _turned(photo: np.ndarray) -> np.ndarray:
    turned = Image.fromarray(photo).rotate(20, Image.Resampling.BILINEAR, fillcolor=(_GRAY,) * 3)
    return np.asarray(turned)


def _closer(photo: np.ndarray) -> np.ndarray:
    height, width, _ = photo.shape
    box = (width / 6, height / 6, width - width / 6, height - height / 6)
    resized = Image.fromarray(photo).resize((width, height), Image.Resampling.BILINEAR, box)
    return np.asarray(resized)


def _bent(photo: np.ndarray) -> np.ndarray:
    height, width, _ = photo.shape
    # Every row slides along a wave of one period, by up to a tenth of the width.
    slides = np.round(width / 10 * np.sin(2 * np.pi * np.arange(height) / height)).astype(int)
    columns = (np.arange(width)[None, :] + slides[:, None]) % width
    return photo[np.arange(height)[:, None], columns]


# Named as the slide names them; the middle part says what is done to the photo.
HARDSHIPS: dict[str, tuple[str, Callable[[np.ndarray], np.ndarray]]] = {
    "illumination, dark": ("half as bright", _darker),
    "illumination, glaring": ("half as far from white", _brighter),
    "occlusion": ("the middle quarter gray", _hidden),
    "perspective, mirrored": ("left for right", _mirrored),
    "perspective, turned": ("turned by 20°", _turned),
    "perspective, closer": ("the middle two thirds, enlarged", _closer),
    "deformation": ("rows slid along a wave", _bent),
}


class Changed:
    """Photos with one change, made when they are looked at.

    Args:
        photos: to change, uint8 (h, w, 3) each.
        change: one photo to another of the same size.
    """

    def __init__(self, photos: Iterable[np.ndarray], change: Callable[[np.ndarray], np.ndarray]):
        self._photos = photos
        self._change = change

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self._change(np.asarray(photo)) for photo in self._photos)


def changed(split: Split, change: Callable[[np.ndarray], np.ndarray]) -> np.ndarray | Changed:
    """Return a split's photos with one change: an array if they are one, else one at a time."""
    photos = Changed(split.x, change)
    return np.stack(list(photos)) if isinstance(split.x, np.ndarray) else photos


def accuracies(
    decide: Callable[[object], np.ndarray], split: Split, labels: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Return the test accuracy under every hardship, and that of every label.

    Args:
        decide: from photos to the indices of the labels decided on.
        split: photos and label indices.
        labels: their names.

    Returns:
        {"hardships": {name: accuracy}, "labels": {label: accuracy}}.
    """
    plain = decide(split.x)
    return {
        "hardships": {
            name: float(np.mean(decide(changed(split, change)) == split.y))
            for name, (_, change) in HARDSHIPS.items()
        },
        "labels": {
            label: float(np.mean(plain[split.y == index] == index))
            for index, label in enumerate(labels)
            if (split.y == index).any()
        },
    }

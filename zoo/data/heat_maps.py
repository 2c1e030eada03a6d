"""Heat maps of joints: a classifier of patches, slid over a photo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from zoo.data.joint_labels import BACKGROUND
from zoo.data.keypoint_patches import cut_patch
from zoo.errors import ZooError

# Sides of the window as shares of the photo's longer side. A patch is a quarter of the extent of a
# person, who fills between about 60 and 100 % of a photo.
SIDES = (0.15, 0.2, 0.25)
# Places of the window along the longer side.
PLACES = 40
# Windows are resized to 32 pixels: a larger photo would show nothing more in them.
_LONGER_SIDE = 320


class HeatMaps(NamedTuple):
    """Probabilities of a window's classes over a photo.

    Args:
        probabilities: float32 (rows, columns, labels), of windows with centres evenly spaced.
        labels: names of the classes.
        size: height and width of the photo.
    """

    probabilities: np.ndarray
    labels: tuple[str, ...]
    size: tuple[int, int]

    def most_likely(self, label: str) -> tuple[float, float, float]:
        """Return where a label is most probable: x and y in pixels, and the probability."""
        of_label = self.probabilities[..., self.labels.index(label)]
        row, column = np.unravel_index(of_label.argmax(), of_label.shape)
        y, x = (
            (at + 0.5) / places * size
            for at, places, size in zip((row, column), of_label.shape, self.size, strict=True)
        )
        return float(x), float(y), float(of_label[row, column])


def require_joints(model: str, labels: Sequence[str], is_image: bool) -> None:
    """Raise an error unless a model classifies patches as joints or background.

    Raises:
        ZooError: if it does not.
    """
    if not is_image or BACKGROUND not in labels:
        raise ZooError(
            f"Joints cannot be searched for by {model}, which has no class {BACKGROUND!r}; give a "
            "classifier of patches of joints and background, such as joint_classifier."
        )


def heat_maps(
    classify: Callable[[np.ndarray], np.ndarray],
    labels: Sequence[str],
    photo: np.ndarray,
    sides: Sequence[float] = SIDES,
) -> HeatMaps:
    """Return the probabilities of windows that are slid over a photo, averaged over their sides.

    Args:
        classify: uint8 patches (n, 32, 32, 3) → probabilities (n, labels).
        labels: names of the classes.
        photo: uint8 (h, w, 3).
        sides: of the window, as shares of the photo's longer side, above 0 up to 1.

    Raises:
        ZooError: for another side.
    """
    for side in sides:
        if not 0 < side <= 1:
            raise ZooError(
                f"The window's side is {side:g} of the photo's longer side; give a share above 0, "
                "up to 1."
            )
    size = photo.shape[:2]
    small = _small(photo)
    height, width = small.shape[:2]
    step = max(height, width) / PLACES
    rows, columns = (max(1, round(length / step)) for length in (height, width))
    centres = [
        ((column + 0.5) / columns * width, (row + 0.5) / rows * height)
        for row in range(rows)
        for column in range(columns)
    ]
    total = np.zeros((len(centres), len(labels)), np.float32)
    for side in sides:
        pixels = side * max(height, width)
        total += classify(np.stack([cut_patch(small, centre, pixels) for centre in centres]))
    probabilities = (total / len(sides)).reshape(rows, columns, len(labels))
    return HeatMaps(probabilities, tuple(labels), size)


def _small(photo: np.ndarray) -> np.ndarray:
    from PIL import Image

    height, width = photo.shape[:2]
    share = _LONGER_SIDE / max(height, width)
    if share >= 1:
        return photo
    smaller = (max(1, round(share * width)), max(1, round(share * height)))
    return np.asarray(Image.fromarray(photo).resize(smaller, Image.Resampling.BOX))

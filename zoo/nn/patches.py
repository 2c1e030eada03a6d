"""Dense layers for photos of which each unit sees one patch: its other weights stay 0.

Nearby pixels belong together and distant ones hardly do; a unit that sees the whole photo has to
learn that from examples (Neyshabur, "Towards Learning Convolutions from Scratch", 2020). Unlike in
a convolution, no two units share weights.
"""

from __future__ import annotations

import keras
import numpy as np

from zoo.errors import ZooError

# Neighbouring patches overlap by about two thirds of their side.
_PATCHES_PER_SIDE = 2.5


def patch_corners(size: int, units: int, patch: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the first row and the first column of each unit's patch, int (units,) each.

    The patches form a grid that covers the photo; unit i has patch i modulo their number.

    Args:
        size: height and width of the photo, in pixels.
        units: number of units.
        patch: height and width of the patches, at most `size`.

    >>> rows, columns = patch_corners(size=32, units=100, patch=10)
    >>> rows[:10].tolist(), columns[:10].tolist()
    ([0, 0, 0, 0, 0, 0, 0, 0, 3, 3], [0, 3, 6, 9, 13, 16, 19, 22, 0, 3])
    """
    count = 1 if patch == size else max(2, round(_PATCHES_PER_SIDE * size / patch))
    corners = np.round(np.linspace(0, size - patch, count)).astype(int)
    index = np.arange(units) % count**2
    return corners[index // count], corners[index % count]


class _Patches:
    """What the initializer and the constraint share: which weights are in a unit's patch.

    Args:
        size: height and width of the photos, at least 1.
        patch: height and width of the patches, 1 ≤ patch ≤ size.

    Raises:
        ZooError: if a patch is empty or larger than the photo.
    """

    def __init__(self, size, patch):
        if not 1 <= patch <= size:
            raise ZooError(
                f"A patch of {patch} × {patch} pixels is not inside a photo of {size} × {size}; "
                f"give a whole number from 1 to {size}."
            )
        self.size = size
        self.patch = patch

    def get_config(self):
        """Return the constructor's arguments."""
        return {"size": self.size, "patch": self.patch}

    def _only_inside(self, kernel):
        # Rows and columns apart: a mask of the kernel's shape would be as large as the kernel.
        units = kernel.shape[-1]
        pixels = np.arange(self.size)[:, None]
        by_row, by_column = (
            ((corner <= pixels) & (pixels < corner + self.patch)).astype(np.float32)
            for corner in patch_corners(self.size, units, self.patch)
        )
        pixel_weights = keras.ops.reshape(kernel, (self.size, self.size, -1, units))
        by_row = keras.ops.cast(by_row[:, None, None], kernel.dtype)
        by_column = keras.ops.cast(by_column[None, :, None], kernel.dtype)
        return keras.ops.reshape(pixel_weights * by_row * by_column, kernel.shape)


@keras.saving.register_keras_serializable("zoo")
class PatchConstraint(_Patches, keras.constraints.Constraint):
    """Set the weights outside of each unit's patch to 0.

    Args:
        size: height and width of the photos.
        patch: height and width of the patches, 1 ≤ patch ≤ size; see `patch_corners`.
    """

    def __call__(self, w):
        """Return the kernel, (size · size · channels, units), zero outside of the patches."""
        return self._only_inside(w)


@keras.saving.register_keras_serializable("zoo")
class PatchInitializer(_Patches, keras.initializers.RandomNormal):
    """Normal weights inside of each unit's patch, 0 outside; variance 2 / inputs of the unit.

    The variance is that of He et al., "Delving Deep into Rectifiers", 2015.

    Args:
        size: height and width of the photos.
        patch: height and width of the patches, 1 ≤ patch ≤ size; see `patch_corners`.
        seed: of the weights, as for Keras's initializers.
    """

    def __init__(self, size, patch, seed=None):
        _Patches.__init__(self, size, patch)
        keras.initializers.RandomNormal.__init__(self, stddev=1.0, seed=seed)

    def __call__(self, shape, dtype=None):
        """Return the kernel, of shape (size · size · channels, units)."""
        inputs = shape[0] * self.patch**2 / self.size**2
        weights = keras.initializers.RandomNormal.__call__(self, shape, dtype)
        return self._only_inside(weights * (2 / inputs) ** 0.5)

    def get_config(self):
        """Return the constructor's arguments."""
        seed = keras.initializers.RandomNormal.get_config(self)["seed"]
        return {**_Patches.get_config(self), "seed": seed}

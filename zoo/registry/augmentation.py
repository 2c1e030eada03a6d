"""Data augmentation of training photos: its amounts, and their description as text."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from zoo.errors import ZooError
from zoo.registry.ranges import require_finite, title


@dataclass(frozen=True)
class Augmentation:
    """Data augmentation of training photos, sampled anew in every epoch; 0 disables a transform.

    Args:
        flip: mirror horizontally with probability ½.
        shift: largest translation along each axis, in pixels.
        zoom: largest scaling of each axis, as a fraction of its length.
        rotation: largest angle, in degrees, in either direction.
        shear: largest shear, as a fraction of the height.
        brightness: largest number added to all pixels or subtracted, as a fraction of white.
        contrast: largest relative change of the pixels' distances from middle gray.
        cutout: side of a gray square at a random position, in pixels.
        mixup: α of Beta(α, α), from which the weight of a photo and its label is sampled when
            another is added to it.
        cutmix: α of Beta(α, α), from which the fraction of a photo's area is sampled that it keeps
            when a part of another replaces the rest; with mixup too, either is applied with
            probability ½.
        unmixed: fraction of all epochs, at the end, without mixup and cutmix.
    """

    flip: bool = False
    shift: float = 0.0
    zoom: float = 0.0
    rotation: float = 0.0
    shear: float = 0.0
    cutout: int = 0
    mixup: float = 0.0
    cutmix: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    unmixed: float = 0.0

    def text(self) -> str:
        """Return a description, such as "flips, shifts by up to 4 pixels"."""
        amounts = [
            "flips" if self.flip else "",
            f"shifts by up to {self.shift:g} pixels" if self.shift else "",
            f"zooms by up to {100 * self.zoom:g} %" if self.zoom else "",
            f"rotations by up to {self.rotation:g}°" if self.rotation else "",
            f"shears by up to {100 * self.shear:g} %" if self.shear else "",
            f"brightness changed by up to {100 * self.brightness:g} %" if self.brightness else "",
            f"contrast changed by up to {100 * self.contrast:g} %" if self.contrast else "",
            f"a gray square of {self.cutout} pixels" if self.cutout else "",
            f"mixup with α {self.mixup:g}" if self.mixup else "",
            f"cutmix with α {self.cutmix:g}" if self.cutmix else "",
            f"no mixing in the last {100 * self.unmixed:.3g} % of the epochs"
            if self.unmixed
            else "",
        ]
        return ", ".join(amount for amount in amounts if amount)

    def check(self) -> None:
        """Check that every number is in its range and has an effect.

        Raises:
            ZooError: for the first number that is not.
        """
        given = asdict(self)
        require_finite(given)
        for name, value in given.items():
            if value < 0:
                raise ZooError(f"{title(name)} is {value}; give a number from 0 up.")
        for name in ("brightness", "contrast"):
            if given[name] > 1:
                raise ZooError(f"{title(name)} is {given[name]}; give a fraction from 0 to 1.")
        if not self.unmixed < 1:
            raise ZooError(f"The unmixed part is {self.unmixed}; give 0 or more, below 1.")
        if self.unmixed and not (self.mixup or self.cutmix):
            raise ZooError(
                f"The unmixed part is {self.unmixed}, but it is only for mixup or cutmix above 0; "
                "leave it out."
            )

"""A data set of patches around named points in photos, for classifiers."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from zoo import edge
from zoo.data import joint_labels
from zoo.data.dataset import SPLITS, Dataset, example_digest
from zoo.data.decoding import Decoded
from zoo.data.keypoints import Keypoints, Point, is_inside, read_keypoints, split_photos
from zoo.data.photo_set import load_photo_set
from zoo.data.photo_source import EncodedPhoto, files_key
from zoo.data.places import Request
from zoo.data.random_numbers import RandomNumbers
from zoo.data.squares import cut_square
from zoo.errors import ZooError
from zoo.utils.text import printable

# Height and width of a patch, as CIFAR-10's photos have.
SIZE = 32
# Side of a patch in the photo, as a share of the extent of the photo's visible points.
SHARE = 0.25
_LEAST_SIDE = 4.0
# Stands between the photo and the line of the CSV, or a number, in a patch's name.
_LINE, _FREE = ", line ", ", background "
# Increase this when patches or splits are made in another way: they are cached.
_RULE = 1


def load_patches(request: Request) -> Dataset:
    """Return the data set of square patches around the visible points, labelled by their names.

    A patch's side is a quarter of the extent of its photo's visible points: the longer side of
    the box around them (or the photo's shorter side if there is only one), so that a person near
    the camera and one far away give the same view. It is resized to 32 × 32 pixels, and what lies
    outside of the photo repeats the photo's edge. All patches of a photo are in the same split, and
    so are those of equal photos; 20 % of the photos are test data and 10 % validation data, by a
    hash of their names. Visible points that lie outside of their photo are left out.

    Args:
        request: its `data_dir` is a folder as `read_keypoints` takes it.

    Raises:
        ZooError: as `read_keypoints`; if there are fewer than three photos or two names.
    """
    return _load(request, _Patches)


def load_joint_patches(request: Request) -> Dataset:
    """Return the same patches labelled by joint, left and right together, and background patches.

    The labels are those of the data set `figures` if the names are those of the Leeds Sports Pose
    photos: "left_" and "right_" are removed, and "head_top" is the head. Up to four patches of
    each photo have no point within half of their side around their centre, and are background.

    Args:
        request: as for `load_patches`.

    Raises:
        ZooError: as `load_patches`.
    """
    return _load(request, _JointPatches)


def _load(request: Request, kind: type[_Patches]) -> Dataset:
    if request.data_dir is None:
        raise ZooError(f"The data set {request.name} needs a folder; write {request.name}:FOLDER.")
    keypoints = read_keypoints(request.data_dir)
    source = kind(request.name, keypoints)
    dataset = load_photo_set(source, request.progress)
    found = np.concatenate([getattr(dataset, split).y for split in SPLITS])
    lost = sum(
        len(visible)
        for image, visible in _visible(keypoints).items()
        if printable(image) not in dataset.skipped
    ) - int((found < source.point_labels).sum())
    if not lost:
        return dataset
    outside = f"{lost:,} visible point{'s lie' if lost > 1 else ' lies'} outside of "
    return replace(
        dataset,
        notes=(*dataset.notes, f"{outside}the photo and {'are' if lost > 1 else 'is'} left out."),
    )


class _Patches:
    """A source of patches, each encoded as a PNG file."""

    def __init__(self, name: str, keypoints: Keypoints):
        self.name = name
        self._keypoints = keypoints
        self._visible = _visible(keypoints)
        names = {point.name for points in self._visible.values() for point in points}
        self.labels = self._labels(names)
        if len(self.labels) < 2:
            raise ZooError(
                f"{printable(keypoints.table)} has visible points of only one name, "
                f"{self.labels[0]}; give at least two to tell apart."
            )
        self._digests: dict[str, bytes] = {}

    @property
    def point_labels(self) -> int:
        """The number of labels that points have: the first ones."""
        return len(self.labels)

    @property
    def total(self) -> int:
        return sum(map(len, self._visible.values()))

    @property
    def encoded_bytes(self) -> int:
        return self.total * SIZE * SIZE * 3

    @property
    def place(self) -> str:
        return str(self._keypoints.folder.resolve())

    @property
    def notes(self) -> tuple[str, ...]:
        return self._keypoints.notes

    @property
    def found(self) -> tuple[str, ...]:
        """Empty: points are counted before their photos are read."""
        return ()

    def key(self) -> str:
        return f"{_RULE} {files_key(self._keypoints.folder, self._keypoints.files())}"

    def read(self) -> Iterator[EncodedPhoto]:
        """Yield the patches; a photo that cannot be decoded takes the place of its patches."""
        for image, visible in self._visible.items():
            try:
                photo = edge.decode(self._keypoints.photo(image))
            except edge.InputError:
                yield EncodedPhoto(image, 0, "", b"")
                continue
            self._digests[image] = example_digest(photo)
            inside = [point for point in visible if is_inside(point, photo.shape[:2])]
            for point in inside:
                name = f"{image}{_LINE}{point.line}"
                content = _png(patch(photo, point, inside))
                yield EncodedPhoto(name, self.labels.index(self._label(point.name)), "", content)
            yield from self._free(image, photo, inside)

    def _labels(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(names))

    def _label(self, name: str) -> str:
        return name

    def _free(
        self, image: str, photo: np.ndarray, inside: Sequence[Point]
    ) -> Iterator[EncodedPhoto]:
        """Yield patches without a point near."""
        return iter(())

    def finalise_splits(self, photos: Sequence[Decoded]) -> dict[str, str]:
        """Return the split of every patch, that of its photo.

        Raises:
            ZooError: if a split has no patches.
        """
        split_of_photo = split_photos(self._digests)
        # A photo that cannot be decoded has no split.
        split_of = {
            photo.name: split_of_photo.get(_photo_of(photo.name), "train") for photo in photos
        }
        for split in SPLITS:
            if split not in split_of.values():
                raise ZooError(
                    f"The {len(split_of_photo)} photos of {printable(self._keypoints.folder)} have "
                    f"no visible points in the split {split}; give more photos."
                )
        return split_of


class _JointPatches(_Patches):
    """A source of patches labelled by joint, and of background patches."""

    @property
    def point_labels(self) -> int:
        return len(self.labels) - 1

    @property
    def total(self) -> int:
        """The largest number: which patches are free of points is known from the photos' sizes."""
        return super().total + joint_labels.BACKGROUND_PATCHES * len(self._visible)

    def key(self) -> str:
        return f"joints {super().key()}"

    def _labels(self, names: Iterable[str]) -> tuple[str, ...]:
        return joint_labels.joint_labels(tuple(names))

    def _label(self, name: str) -> str:
        return joint_labels.joint_of(name)

    def _free(
        self, image: str, photo: np.ndarray, inside: Sequence[Point]
    ) -> Iterator[EncodedPhoto]:
        if not inside:
            return
        size = photo.shape[:2]
        side = patch_side([(point.x, point.y) for point in inside], size)
        # A function of the photo's pixels, so that equal photos have equal patches.
        random = RandomNumbers(int.from_bytes(self._digests[image][:8], "big"))
        points = [(point.x, point.y) for point in self._keypoints.points[image]]
        for number, place in enumerate(joint_labels.background_places(random, size, points, side)):
            content = _png(cut_patch(photo, place, side))
            label = self.labels.index(joint_labels.BACKGROUND)
            yield EncodedPhoto(f"{image}{_FREE}{number}", label, "", content)


def _photo_of(patch_name: str) -> str:
    """Return the photo that a patch is of."""
    separator = _LINE if patch_name.rpartition(_LINE)[1] else _FREE
    return patch_name.rpartition(separator)[0]


def _visible(keypoints: Keypoints) -> dict[str, list[Point]]:
    return {
        image: [point for point in points if point.visible]
        for image, points in keypoints.points.items()
    }


def patch(photo: np.ndarray, point: Point, points: Sequence[Point]) -> np.ndarray:
    """Return the patch around a point, uint8 (32, 32, 3).

    Args:
        photo: uint8 (h, w, 3).
        point: the centre.
        points: the photo's visible points, which give the side.
    """
    side = patch_side([(other.x, other.y) for other in points], photo.shape[:2])
    return cut_patch(photo, (point.x, point.y), side)


def patch_side(places: Sequence[tuple[float, float]], size: tuple[int, int]) -> float:
    """Return the side of a photo's patches, in pixels of the photo.

    Args:
        places: (x, y) of its visible points.
        size: height and width of the photo.
    """
    across, down = zip(*places, strict=True)
    extent = max(max(across) - min(across), max(down) - min(down)) or min(size)
    return max(SHARE * extent, _LEAST_SIDE)


def cut_patch(photo: np.ndarray, centre: tuple[float, float], side: float) -> np.ndarray:
    """Return a square of a photo, resized to uint8 (32, 32, 3); outside, its edge is repeated.

    Args:
        photo: uint8 (h, w, 3).
        centre: (x, y) of the square.
        side: of the square, in pixels of the photo.
    """
    return cut_square(photo, centre[0] - side / 2, centre[1] - side / 2, side, SIZE)


def _png(pixels: np.ndarray) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", compress_level=1)
    return stream.getvalue()

"""The one list of data sets: what each is, and how it is loaded by name."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from zoo.data import points, retina, tfds_photos, truth_tables
from zoo.data.dataset import Dataset
from zoo.data.folder import PhotoFolder
from zoo.data.photo_set import Progress, load_photo_set
from zoo.utils.choices import UnknownNameError

CIFAR10_LABELS = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)


@dataclass(frozen=True)
class DatasetSpec:
    """What is known of a data set without loading it.

    Args:
        name: what `zoo.data.load` takes.
        kind: "vector" or "image".
        source: "computed", "tfds" (downloaded by `prepare`) or "folder" (of the user's photos).
        labels: names of the classes by index; () where the folder decides.
        summary: one sentence.
    """

    name: str
    kind: str
    source: str
    labels: tuple[str, ...]
    summary: str
    _load: Callable[[str | Path | None, Progress | None], Dataset] = field(repr=False)


def list_datasets() -> list[str]:
    """Return the names of all data sets.

    >>> list_datasets()
    ['and', 'or', 'nand', 'xor', 'blobs', 'shapes', 'cifar10', 'cats_vs_dogs', 'photos']
    """
    return list(_CATALOG)


def describe(name: str) -> DatasetSpec:
    """Return what is known of a data set without loading it.

    Raises:
        UnknownNameError: for an unknown name; the message has the near misses and all names.

    >>> describe("cats_vs_dogs").labels
    ('cat', 'dog')
    """
    if name in _CATALOG:
        return _CATALOG[name]
    near = difflib.get_close_matches(str(name), _CATALOG, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}? The names are" if near else "choose from"
    raise UnknownNameError(f"There is no data set {name!r}; {hint} {', '.join(_CATALOG)}.")


def load(
    name: str, data_dir: str | Path | None = None, *, progress: Progress | None = None
) -> Dataset:
    """Load a data set, its targets as indices of labels.

    The first time, photos are decoded; they are kept in ZOO_CACHE_DIR (by default
    ~/.cache/lecture-zoo) and open at once from then on, until the files change.

    Args:
        name: one of `list_datasets()`.
        data_dir: for "cifar10" and "cats_vs_dogs" the folder TFDS keeps data sets in (by default
            TFDS_DATA_DIR, else ~/tensorflow_datasets); for "photos" the folder that holds one
            folder per class; not looked at for what is computed.
        progress: called with (done, total) while photos are decoded.

    Raises:
        UnknownNameError: for an unknown name.
        ZooError: if the data is missing, unreadable or too little to split.

    >>> load("xor").train.x.shape
    (4, 2)
    """
    return describe(name)._load(data_dir, progress)


def prepare(name: str, data_dir: str | Path | None = None) -> Path | None:
    """Download and prepare a data set, if it is one that is downloaded and is not there yet.

    Args:
        name: one of `list_datasets()`.
        data_dir: where to put it; by default TFDS_DATA_DIR, else ~/tensorflow_datasets.

    Returns:
        The folder of the prepared files, or None for a data set that is not downloaded.

    Raises:
        UnknownNameError: for an unknown name.
        ZooError: if the download or the preparation fails.
    """
    return tfds_photos.prepare(name, data_dir) if describe(name).source == "tfds" else None


def _computed(compute: Callable[[], Dataset]):
    return lambda data_dir, progress: compute()


def _tfds(name: str):
    return lambda data_dir, progress: load_photo_set(
        tfds_photos.TfdsPhotos(name, data_dir), progress
    )


def _folder(data_dir, progress) -> Dataset:
    return load_photo_set(PhotoFolder(data_dir), progress)


_CATALOG = {
    spec.name: spec
    for spec in (
        *(
            DatasetSpec(
                name,
                "vector",
                "computed",
                ("0", "1"),
                f"The truth table of {name.upper()}: its four rows are all three splits.",
                _computed(partial(truth_tables.truth_table, name)),
            )
            for name in truth_tables.OUTPUTS
        ),
        DatasetSpec(
            "blobs",
            "vector",
            "computed",
            points.BLOBS_LABELS,
            "Two clouds of points in the plane that a line separates with margin 0.25.",
            _computed(points.blobs),
        ),
        DatasetSpec(
            "shapes",
            "image",
            "computed",
            retina.LABELS,
            "Squares and circles of equal areas on the Mark I's retina of 20 × 20 photocells.",
            _computed(retina.shapes_dataset),
        ),
        DatasetSpec(
            "cifar10",
            "image",
            "tfds",
            CIFAR10_LABELS,
            "60,000 photos of 32 × 32 in 10 classes; validation is 10 % of the training photos.",
            _tfds("cifar10"),
        ),
        DatasetSpec(
            "cats_vs_dogs",
            "image",
            "tfds",
            ("cat", "dog"),
            "Microsoft's photos of cats and dogs: 70 % to train, 10 % to validate, 20 % to test.",
            _tfds("cats_vs_dogs"),
        ),
        DatasetSpec(
            "photos",
            "image",
            "folder",
            (),
            "Your own photos, one folder per class, split 70 / 10 / 20 %, or train/ and test/.",
            _folder,
        ),
    )
}

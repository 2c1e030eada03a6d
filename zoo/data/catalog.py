"""The one list of data sets: what each is, and how it is loaded by name."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from zoo.data import points, retina, tfds_photos, truth_tables
from zoo.data.dataset import SPLITS, Dataset
from zoo.data.folder import PhotoFolder
from zoo.data.photo_set import Progress, load_photo_set
from zoo.errors import ZooError
from zoo.registry.plugins import load_plugins, registry
from zoo.registry.tasks import Value
from zoo.utils.choices import UnknownNameError, require_choice
from zoo.utils.text import check_label

KINDS = ("vector", "image")

_Load = Callable[[str | Path | None, Progress | None], Dataset]

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
        source: "computed", "tfds" (downloaded by `prepare`) or "folder" (of the user's files).
        labels: names of the classes by index; () where the folder decides, or for values.
        summary: one sentence.
        values: names and units of the numbers that are its targets; () for classes.
    """

    name: str
    kind: str
    source: str
    labels: tuple[str, ...]
    summary: str
    _load: _Load = field(repr=False)
    values: tuple[Value, ...] = ()

    @property
    def loader(self) -> Callable[..., Dataset]:
        """The function that loads it."""
        return self._load


def list_datasets() -> list[str]:
    """Return the names of all data sets, those of plugins too.

    >>> list_datasets()
    ['and', 'or', 'nand', 'xor', 'blobs', 'shapes', 'cifar10', 'cats_vs_dogs', 'photos']
    """
    load_plugins()
    return list(_CATALOG)


def describe(name: str) -> DatasetSpec:
    """Return what is known of a data set without loading it.

    Raises:
        UnknownNameError: for an unknown name; the message has the near misses and all names.

    >>> describe("cats_vs_dogs").labels
    ('cat', 'dog')
    """
    if name not in _CATALOG:
        load_plugins()
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


def register_dataset(
    name: str,
    *,
    kind: str,
    summary: str,
    labels: Sequence[str] = (),
    values: Sequence[Value] = (),
) -> Callable[[Callable[..., Dataset]], Callable[..., Dataset]]:
    """Put a data set on the list; for plugins, as a decorator of the function that loads it.

    The function returns a `Dataset`. It takes no argument and computes the data, or takes
    `data_dir`, the folder that the user gives (None if none is given), and reads it from there.

    Args:
        name: what `zoo.data.load` takes: letters, digits and underscores.
        kind: "vector" or "image".
        summary: one sentence.
        labels: names of the classes by index; or
        values: names and units of the numbers that are to be learned.

    Raises:
        ValueError: if the name is taken, or one of these is not what it should be.
    """

    def decorate(load: Callable[..., Dataset]) -> Callable[..., Dataset]:
        parameters = list(inspect.signature(load).parameters)

        # Wrapped, so that it is known which plugin it comes from.
        @functools.wraps(load)
        def load_checked(data_dir: str | Path | None, progress: Progress | None) -> Dataset:
            dataset = load(data_dir) if parameters else load()
            _check_loaded(spec, dataset)
            return dataset

        source = "folder" if parameters else "computed"
        spec = DatasetSpec(
            name, kind, source, tuple(labels), summary, load_checked, values=tuple(values)
        )
        if parameters not in ([], ["data_dir"]):
            raise ValueError(
                f"The function that loads data set {name!r} takes {', '.join(parameters)}; give it "
                "no argument, or data_dir alone."
            )
        _check_spec(spec)
        _CATALOG[name] = spec
        return load

    return decorate


def unregister_dataset(name: str) -> None:
    """Take a data set off the list that `register_dataset` has put on it.

    Args:
        name: of a data set that is not this package's own.

    Raises:
        UnknownNameError: for any other name.
    """
    require_choice("registered data set", name, _CATALOG.keys() - _OF_THIS_PACKAGE.keys())
    del _CATALOG[name]


def _check_spec(spec: DatasetSpec) -> None:
    where = f"Data set {spec.name!r}"
    if not isinstance(spec.name, str) or not spec.name.isidentifier():
        raise ValueError(
            f"A data set is named {spec.name!r}; give it a name of letters, digits and underscores."
        )
    if spec.name in _CATALOG:
        raise ValueError(f"{where} is registered already; choose another name.")
    require_choice("kind of data set", spec.kind, KINDS)
    if not isinstance(spec.summary, str) or not spec.summary.strip():
        raise ValueError(f"{where} is registered without its summary; give a sentence.")
    if bool(spec.labels) == bool(spec.values):
        raise ValueError(f"{where} is registered without labels or values, or with both; give one.")
    if not all(isinstance(value, Value) for value in spec.values):
        raise ValueError(f"{where} has values that are not `zoo.registry.Value`s.")
    names = spec.labels or tuple(value.name for value in spec.values)
    for name in names:
        if not isinstance(name, str):
            raise ValueError(f"{where} has the class or value {name!r}; names are texts.")
        try:
            check_label(name, where, "class name" if spec.labels else "value name")
        except ZooError as error:
            raise ValueError(str(error)) from error
    if len(set(names)) < len(names):
        raise ValueError(f"{where} has two classes or values of the same name; rename one.")


def _check_loaded(spec: DatasetSpec, dataset: Dataset) -> None:
    """Raise one sentence unless a plugin's data set is what it was registered as."""
    where = f"The data set {spec.name}"
    if not isinstance(dataset, Dataset):
        raise ZooError(f"{where} was loaded as a {type(dataset).__name__}; return a Dataset.")
    for what in ("name", "kind", "labels", "values"):
        found, stated = getattr(dataset, what), getattr(spec, what)
        if found != stated:
            raise ZooError(
                f"{where} has the {what} {found!r}, but is registered with {stated!r}; make them "
                "the same."
            )
    for split in SPLITS:
        x = getattr(dataset, split).x
        if not len(x):
            raise ZooError(f"{where} has no examples in {split}; give it at least one.")
        if spec.kind == "vector" and not _are_numbers(x):
            raise ZooError(
                f"{where} has inputs in {split} that are not finite float32 numbers, (examples, "
                "inputs)."
            )


def _are_numbers(x: object) -> bool:
    return (
        isinstance(x, np.ndarray)
        and x.dtype == np.float32
        and x.ndim == 2
        and bool(np.isfinite(x).all())
    )


def _computed(compute: Callable[[], Dataset]) -> _Load:
    return lambda data_dir, progress: compute()


def _tfds(name: str) -> _Load:
    return lambda data_dir, progress: load_photo_set(
        tfds_photos.TfdsPhotos(name, data_dir), progress
    )


def _folder(data_dir: str | Path | None, progress: Progress | None) -> Dataset:
    return load_photo_set(PhotoFolder(data_dir), progress)


_OF_THIS_PACKAGE = {
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

_CATALOG = registry(_OF_THIS_PACKAGE)

"""The registry of data sets, and how to load one by name."""

from __future__ import annotations

import difflib
import functools
import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from zoo.data import (
    burgers,
    curves,
    figure_poses,
    figures,
    oscillators,
    plane_points,
    points,
    poisson,
    retina,
    shape_boxes,
    surfaces,
    tfds_files,
    tfds_photos,
    truth_tables,
)
from zoo.data.csv_table import load_csv
from zoo.data.dataset import SPLITS, Dataset
from zoo.data.folder import PhotoFolder
from zoo.data.keypoint_crops import load_coordinates
from zoo.data.keypoint_patches import load_joint_patches, load_patches
from zoo.data.npz_file import load_npz
from zoo.data.photo_set import Progress, load_photo_set
from zoo.data.places import Place, Request
from zoo.data.tfds_any import load_tfds
from zoo.errors import ZooError
from zoo.registry.plugins import load_plugins, registry
from zoo.registry.tasks import Value
from zoo.utils.choices import UnknownNameError, require_choice
from zoo.utils.text import check_label, printable

KINDS = ("vector", "image")

_Load = Callable[[Request], Dataset]

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
    """The specification of a data set, available without loading it.

    Args:
        name: its name, as `zoo.data.load` takes it.
        kind: "vector", "image", or "vector or image" if only its files tell.
        source: "computed", "tfds" (downloaded by `prepare`), or "folder" or "file" of the user.
        labels: class names by index; () if they come from the folder, or for values.
        summary: one sentence.
        values: names and units of its targets; () for classes.
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
    """Return the names of all data sets, including those of plugins.

    >>> list_datasets()[:5]
    ['and', 'or', 'nand', 'xor', 'blobs']
    >>> {"shapes", "figures", "cifar10", "photos"} <= set(list_datasets())
    True
    """
    load_plugins()
    return list(_CATALOG)


def describe(name: str) -> DatasetSpec:
    """Return the specification of a data set.

    Raises:
        UnknownNameError: for an unknown name; the message lists similar names and all names.

    >>> describe("cats_vs_dogs").labels
    ('cat', 'dog')
    """
    if name not in _CATALOG:
        load_plugins()
    if name in _CATALOG:
        return _CATALOG[name]
    if place := _place_of(name):
        if place.is_path and not str(name).partition(":")[2].strip():
            raise UnknownNameError(f"{name!r} names no {place.source}; write {place.pattern}.")
        return DatasetSpec(name, place.inputs, place.source, (), place.summary, place.load)
    suffix = Path(str(name)).suffix.lower().removeprefix(".")
    if suffix in PLACES and PLACES[suffix].source == "file":
        raise UnknownNameError(
            f"There is no data set {name!r}; did you mean {suffix}:{name}, the file?"
        )
    if Path(str(name)).exists():
        source = "folder" if Path(str(name)).is_dir() else "file"
        kinds = [place.pattern for place in PLACES.values() if place.source == source]
        raise UnknownNameError(
            f"There is no data set {name!r}; a {source} of your own is named with its kind, "
            f"{' or '.join(kinds)}."
        )
    near = difflib.get_close_matches(str(name), _CATALOG, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}? The names are" if near else "choose from"
    patterns = ", ".join(place.pattern for place in PLACES.values())
    raise UnknownNameError(
        f"There is no data set {name!r}; {hint} {', '.join(_CATALOG)}, or name data of your own: "
        f"{patterns}."
    )


def load(
    name: str,
    data_dir: str | Path | None = None,
    *,
    target: str | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """Load a data set.

    Photos are decoded on first use and cached in ZOO_CACHE_DIR (by default ~/.cache/lecture-zoo)
    until the files change.

    Args:
        name: one of `list_datasets()`, or one of the patterns of `PLACES`, such as
            "csv:iris.csv".
        data_dir: for TFDS data sets the folder of them all (by default TFDS_DATA_DIR, else
            ~/tensorflow_datasets); for "photos" the folder with one folder per class; for
            KIND:PLACE the folder that a relative place starts from, or where it is now; ignored
            for computed data sets.
        target: for tables, the column to predict.
        progress: called with (done, total) while photos are decoded.

    Raises:
        UnknownNameError: for an unknown name.
        ZooError: if the data is missing, unreadable, or too small to split.

    >>> load("xor").train.x.shape
    (4, 2)
    """
    spec, place = describe(name), _place_of(name)
    request = Request(name, data_dir, target, progress)
    if target is not None and not takes_target(name):
        tables = " or ".join(place.pattern for place in PLACES.values() if place.has_target)
        raise ZooError(
            f"A target column, {target!r}, was given for the data set {name}; it is only for "
            f"{tables}."
        )
    return spec._load(place.resolve(request) if place else request)


def load_again(
    identity: Mapping[str, Any],
    data_dir: str | Path | None = None,
    *,
    progress: Progress | None = None,
) -> Dataset:
    """Load the data set that a run or bundle was made with.

    Args:
        identity: its "name" and any "target", as `Dataset.identity` returns them.
        data_dir: as recorded from `location`, or where it is now.
        progress: called with (done, total) while photos are decoded.

    Raises:
        ZooError: as `load`; or if it was made in Python, by `from_arrays`.
    """
    name = identity["name"]
    if loader_of(name) is None:
        raise ZooError(
            f"The data set {printable(name)} was given in Python and cannot be loaded by its name; "
            "pass it again in Python, as in zoo.evaluate(RUN, dataset=…) or "
            "zoo.export_run(RUN, dataset=…)."
        )
    place = _place_of(name)
    path = place.resolve(Request(name, data_dir)).data_dir if place and place.is_path else None
    if path is not None and not Path(path).exists():
        raise ZooError(
            f"The data set {printable(name)} was in {printable(path)}, where nothing is now; give "
            "its file or folder as --data-dir."
        )
    return load(name, data_dir, target=identity.get("target"), progress=progress)


def location(name: str, data_dir: str | Path | None = None) -> str | None:
    """Return the absolute path to record as `data_dir`, with which the data set is found again.

    >>> location("xor") is None
    True
    """
    if place := _place_of(name):
        return place.location(name, data_dir)
    return None if data_dir is None else os.path.abspath(data_dir)  # noqa: PTH100


def cached_as(name: str) -> tuple[str, str | None]:
    """Return the name of a data set in the cache, and the file or folder that it names, or None.

    >>> cached_as("photos:e/dog")[0], cached_as("cifar10")
    ('photos:dog', ('cifar10', None))
    """
    place = _place_of(name)
    if place is None or not place.is_path:
        return name, None
    found = place.resolve(Request(name))
    return found.name, str(Path(found.data_dir or "").resolve())


def takes_target(name: str) -> bool:
    """Return whether a data set of this name has a column to choose as the target.

    >>> takes_target("csv:iris.csv"), takes_target("xor")
    (True, False)
    """
    place = _place_of(name)
    return bool(place and place.has_target)


def loader_of(name: str) -> Callable[..., Dataset] | None:
    """Return the function that loads a data set; None for one that was made in Python.

    >>> loader_of("arrays") is None
    True
    """
    return describe(name).loader if name in list_datasets() or _place_of(name) else None


def _place_of(name: str) -> Place | None:
    kind, colon, _ = str(name).partition(":")
    return PLACES.get(kind) if colon else None


def prepare(name: str, data_dir: str | Path | None = None) -> Path | None:
    """Download and prepare a data set from TFDS, unless that was done before.

    Args:
        name: one of `list_datasets()`, or "tfds:NAME".
        data_dir: target folder; by default TFDS_DATA_DIR, else ~/tensorflow_datasets.

    Returns:
        The folder of the prepared files, or None for a data set that needs no download.

    Raises:
        UnknownNameError: for an unknown name.
        ZooError: if the download or the preparation fails.
    """
    if describe(name).source != "tfds":
        return None
    own = name in tfds_photos.LAYOUTS
    reference = tfds_photos.reference(name) if own else tfds_files.Reference.parse(name)
    return tfds_files.prepare(reference, data_dir)


def register_dataset(
    name: str,
    *,
    kind: str,
    summary: str,
    labels: Sequence[str] = (),
    values: Sequence[Value] = (),
) -> Callable[[Callable[..., Dataset]], Callable[..., Dataset]]:
    """Register a data set, as a decorator of the function that loads it.

    The function returns a `Dataset`. It either takes no arguments and computes the data, or takes
    `data_dir`, the folder given by the user or None, and reads the data from it.

    Args:
        name: its name for `zoo.data.load`: letters, digits and underscores.
        kind: "vector" or "image".
        summary: one sentence.
        labels: class names by index; or
        values: names and units of the targets.

    Raises:
        ValueError: if the name is taken or another argument is invalid.
    """

    def decorate(load: Callable[..., Dataset]) -> Callable[..., Dataset]:
        parameters = list(inspect.signature(load).parameters)

        # wraps keeps __module__, by which the plugin of a data set is found.
        @functools.wraps(load)
        def load_checked(request: Request) -> Dataset:
            dataset = load(request.data_dir) if parameters else load()
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
    """Remove a data set that was added with `register_dataset`.

    Args:
        name: of a data set that is not part of this package.

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
        raise ValueError(f"{where} is registered without a summary; give a sentence.")
    if bool(spec.labels) == bool(spec.values):
        raise ValueError(f"{where} is registered without labels or values, or with both; give one.")
    if not all(isinstance(value, Value) for value in spec.values):
        raise ValueError(f"{where} has values that are not `zoo.registry.Value`s.")
    names = spec.labels or tuple(value.name for value in spec.values)
    for name in names:
        if not isinstance(name, str):
            raise ValueError(f"{where} has the class or value {name!r}; names must be strings.")
        try:
            check_label(name, where, "class name" if spec.labels else "value name")
        except ZooError as error:
            raise ValueError(str(error)) from error
    if len(set(names)) < len(names):
        raise ValueError(f"{where} has two classes or values of the same name; rename one.")


def _check_loaded(spec: DatasetSpec, dataset: Dataset) -> None:
    """Check that a plugin's data set matches its registration."""
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
    return lambda request: compute()


def _of_numbers(
    name: str, summary: str, compute: Callable[[], Dataset], values: tuple[Value, ...]
) -> DatasetSpec:
    """Return the specification of computed rows of numbers, with values to predict."""
    return DatasetSpec(name, "vector", "computed", (), summary, _computed(compute), values=values)


def _tfds(name: str) -> _Load:
    return lambda request: load_photo_set(
        tfds_photos.TfdsPhotos(name, request.data_dir), request.progress
    )


def _folder(request: Request) -> Dataset:
    return load_photo_set(PhotoFolder(request.data_dir, request.name), request.progress)


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
        *(
            DatasetSpec(
                name,
                "vector",
                "computed",
                points.BLOBS_LABELS,
                f"Points of the plane, as in the playground: {what}.",
                _computed(partial(plane_points.labelled_points, name)),
            )
            for name, what in (
                ("circle", "a disk in a ring"),
                ("clouds", "two normal clouds, of which few points overlap"),
                ("xor_clouds", "four squares, labelled like the truth table of XOR"),
                ("spiral", "two spiral arms"),
            )
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
            "shape_boxes",
            "image",
            "computed",
            (),
            "Squares and circles of many sizes on 20 × 20 photocells, and the box around each.",
            _computed(shape_boxes.shape_boxes),
            values=shape_boxes.VALUES,
        ),
        DatasetSpec(
            "figures",
            "image",
            "computed",
            figures.LABELS,
            "Patches of 32 × 32 of drawn people: a joint in the centre, or background.",
            lambda request: figures.figures(request.progress),
        ),
        DatasetSpec(
            "figure_joints",
            "image",
            "computed",
            (),
            "Drawn people, 96 × 96, with the coordinates of 14 joints as values.",
            lambda request: figures.figure_joints(request.progress),
            values=figures.VALUES,
        ),
        DatasetSpec(
            "figure_poses",
            "image",
            "computed",
            (),
            "Drawn people cut out, 48 × 48, with the coordinates of 14 joints as values.",
            lambda request: figure_poses.figure_poses(request.progress),
            values=figures.VALUES,
        ),
        _of_numbers(
            "plane",
            "Points of a plane over the square −6 … 6, with noise of deviation 0.05.",
            surfaces.plane,
            surfaces.VALUES,
        ),
        _of_numbers(
            "gaussian",
            "A surface over the square −6 … 6 with three hills and three hollows.",
            surfaces.gaussian,
            surfaces.VALUES,
        ),
        *(
            _of_numbers(
                f"{curves.PREFIX}{name}",
                f"The function {curve.formula}, x from {curve.lower:g} to {curve.upper:g}.",
                partial(curves.curve, name),
                curves.VALUES,
            )
            for name, curve in curves.CURVES.items()
        ),
        _of_numbers(
            f"{curves.PREFIX}franke",
            "Franke's function of two variables on the unit square.",
            curves.franke,
            curves.VALUES,
        ),
        _of_numbers(
            "oscillator",
            "The displacement of a damped oscillator over about three periods.",
            oscillators.oscillator,
            oscillators.VALUES,
        ),
        _of_numbers(
            "oscillator_noisy",
            "2,000 observations of the same oscillator with 5 % noise, to find its coefficients.",
            oscillators.oscillator_noisy,
            oscillators.VALUES,
        ),
        _of_numbers(
            "poisson",
            "The solution of Poisson's equation −u″ = f on the interval 0 … 1.",
            poisson.poisson,
            poisson.VALUES,
        ),
        _of_numbers(
            "poisson_square",
            "The solution of Poisson's equation −Δu = f on the unit square.",
            poisson.poisson_square,
            poisson.VALUES,
        ),
        _of_numbers(
            "burgers",
            "Points (x, t) at which the Burgers equation is to hold, with its exact solution.",
            burgers.burgers,
            burgers.VALUES,
        ),
        _of_numbers(
            "burgers_noisy",
            "2,000 observations of the Burgers equation's solution with 1 % noise.",
            burgers.burgers_noisy,
            burgers.VALUES,
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

PLACES = {
    place.kind: place
    for place in (
        Place(
            "photos",
            "FOLDER",
            "image",
            "The photos in a folder, one subfolder per class.",
            _folder,
        ),
        Place(
            "keypoints",
            "FOLDER",
            "image",
            "Patches around named points: images/, and a CSV of image, name, x, y, visible.",
            load_patches,
        ),
        Place(
            "joints",
            "FOLDER",
            "image",
            "A folder as for keypoints: joints without left and right, and background.",
            load_joint_patches,
        ),
        Place(
            "coordinates",
            "FOLDER",
            "image",
            "People and coordinates of their points: the same folder, for models of values.",
            load_coordinates,
        ),
        Place(
            "tfds",
            "NAME",
            "vector or image",
            "A data set of TensorFlow Datasets: NAME, NAME/CONFIG or NAME/CONFIG:VERSION.",
            load_tfds,
            is_path=False,
            has_target=True,
        ),
        Place(
            "csv",
            "FILE",
            "vector",
            "A table with a header: columns of numbers, and --target COLUMN to predict.",
            load_csv,
            has_target=True,
        ),
        Place(
            "npz",
            "FILE",
            "vector or image",
            "Arrays x and y as NumPy saves them, or x_train, y_train, x_test, y_test.",
            load_npz,
        ),
    )
}

_CATALOG = registry(_OF_THIS_PACKAGE)

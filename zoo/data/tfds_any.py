"""Any data set that TFDS has prepared and that has images or numbers with labels or values.

Its own splits are used. A split that is missing, or has no labels, is taken out of train by a hash
of the examples.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from zoo.data.dataset import Dataset
from zoo.data.photo_set import load_photo_set
from zoo.data.places import Request
from zoo.data.tfds_images import TfdsImages
from zoo.data.tfds_prepared import open_prepared
from zoo.data.tfds_rows import load_rows

KIND = "tfds"


def from_tfds(name: str, data_dir: str | Path | None = None, target: str | None = None) -> Dataset:
    """Return a data set that TensorFlow Datasets has prepared, for `zoo.train(dataset=…)`.

    Args:
        name: NAME, NAME/CONFIG or NAME/CONFIG:VERSION, as TFDS names it.
        data_dir: the folder in which TFDS stores data sets; by default TFDS_DATA_DIR, else
            ~/tensorflow_datasets.
        target: the class label or number to predict, if there are several.

    Raises:
        ZooError: if it is not prepared, cannot be read, or its features do not fit.
    """
    return load_tfds(Request(f"{KIND}:{name.removeprefix(f'{KIND}:')}", data_dir, target))


def load_tfds(request: Request) -> Dataset:
    """Return the data set that a request names, "tfds:NAME".

    Raises:
        ZooError: as `from_tfds`.
    """
    prepared = open_prepared(request)
    if prepared.chosen.is_image:
        dataset = load_photo_set(TfdsImages(prepared), request.progress)
    else:
        dataset = load_rows(prepared)
    return replace(dataset, target=request.target)

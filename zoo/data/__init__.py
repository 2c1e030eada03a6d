"""From a name to arrays: truth tables, points, drawn shapes, TFDS images, photos, tables.

>>> from zoo import data
>>> data.load("xor").train.y
array([0, 1, 1, 0])

Importing this loads neither TensorFlow nor TensorFlow Datasets; nor does loading photos whose
decoded form is in the cache already.
"""

from zoo.data import cache
from zoo.data.arrays import from_arrays
from zoo.data.catalog import (
    PLACES,
    DatasetSpec,
    cached_as,
    describe,
    list_datasets,
    load,
    load_again,
    loader_of,
    location,
    prepare,
    register_dataset,
    takes_target,
    unregister_dataset,
)
from zoo.data.dataset import Dataset, Split, computed_dataset
from zoo.data.keypoint_coordinates import keypoint_coordinates
from zoo.data.photos import Photos
from zoo.data.points import separable
from zoo.data.repeats import repeated_examples
from zoo.data.retina import shapes
from zoo.data.tfds_any import from_tfds

__all__ = [
    "PLACES",
    "Dataset",
    "DatasetSpec",
    "Photos",
    "Split",
    "cache",
    "cached_as",
    "computed_dataset",
    "describe",
    "from_arrays",
    "from_tfds",
    "keypoint_coordinates",
    "list_datasets",
    "load",
    "load_again",
    "loader_of",
    "location",
    "prepare",
    "register_dataset",
    "repeated_examples",
    "separable",
    "shapes",
    "takes_target",
    "unregister_dataset",
]

"""Data sets from arrays: rows of numbers, and images, with classes or values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zoo.data.carving import carve, class_counts, repeats_note, row_hashes
from zoo.data.dataset import SPLITS, Dataset, Split, example_digest, fingerprint
from zoo.data.folder import FRACTIONS
from zoo.data.targets import Targets, as_float32, targets_of
from zoo.errors import ZooError
from zoo.registry.tasks import Value
from zoo.utils.text import check_label, printable

_MIN_CLASSES = 2
Arrays = tuple[Any, Any]


def from_arrays(
    x: Any,
    y: Any,
    *,
    validation: Arrays | None = None,
    test: Arrays | None = None,
    labels: Sequence[str] | None = None,
    values: Sequence[str | Value] | None = None,
    inputs: Sequence[str] | None = None,
    name: str = "arrays",
) -> Dataset:
    """Return a data set of arrays, for `zoo.train(model, dataset=…)`.

    x are rows of numbers, (n, inputs), of any real type, which models scale by mean and variance;
    or images, uint8 0…255, (n, h, w), (n, h, w, 1) or (n, h, w, 3). y are class names, class
    indices 0, 1, 2 …, or numbers to predict, (n,) or (n, values).

    20 % of the examples become test data and 10 % validation data, of every class, chosen by a
    hash of x; equal examples are in the same split. Splits that are given stay as they are.

    Args:
        x: examples; those to train on if validation or test data is given.
        y: their targets.
        validation: (x, y), by default out of x and y.
        test: (x, y), by default out of x and y.
        labels: class names by index.
        values: names of the numbers in y, with units in parentheses, such as "pressure (mmHg)".
        inputs: names of the numbers in x.
        name: of the data set.

    Raises:
        ZooError: for arrays of other types or shapes, numbers that are not finite, a class that
            is not in every split, or too few examples.

    >>> x = np.arange(60).reshape(30, 2)
    >>> dataset = from_arrays(x, np.arange(30) % 3, labels=["a", "b", "c"])
    >>> len(dataset.train), len(dataset.validation), len(dataset.test)
    (21, 3, 6)
    """
    where = f"The data set {printable(name)}"
    check_label(name, where, "name")
    given = {"train": (x, y), "validation": validation, "test": test}
    pairs = {split: pair for split, pair in given.items() if pair is not None}
    arrays = {split: _as_pair(where, split, pair) for split, pair in pairs.items()}
    xs = {split: pair[0] for split, pair in arrays.items()}
    targets = targets_of(where, {split: pair[1] for split, pair in arrays.items()}, labels, values)
    kind = kind_of(where, {split: (array.shape, array.dtype) for split, array in xs.items()})
    if kind == "vector":
        return vector_dataset(name, where, xs, targets, inputs=inputs)
    if inputs is not None:
        raise ZooError(f"{where} names {len(inputs)} inputs, but x are images; leave inputs out.")
    return _image_dataset(name, where, xs, targets)


def _as_pair(where: str, split: str, pair: Any) -> tuple[np.ndarray, np.ndarray]:
    if not (isinstance(pair, (tuple, list)) and len(pair) == 2):
        raise ZooError(f"{where} has {split} data that is not a pair (x, y); give both.")
    x, y = (
        _as_array(f"{where}: {what} of {split}", of) for what, of in zip("xy", pair, strict=True)
    )
    if x.ndim and y.ndim and len(x) != len(y):
        raise ZooError(f"{where} has {len(x)} x, but {len(y)} y in {split}; give one y per x.")
    return x, y


def _as_array(where: str, given: Any) -> np.ndarray:
    try:
        array = np.asarray(given)
    except (ValueError, TypeError) as error:
        raise ZooError(f"{where} is not an array ({error}); give rows of one length.") from error
    if array.dtype == object and array.size and all(isinstance(of, str) for of in array.flat):
        array = array.astype(str)
    if array.ndim == 0 or not array.size:
        raise ZooError(f"{where} has the shape {array.shape}; give at least one example.")
    return array


def kind_of(where: str, described: Mapping[str, tuple[tuple[int, ...], np.dtype]]) -> str:
    """Return "vector" or "image", from the shape and type of each split's x.

    Raises:
        ZooError: if x are neither, or splits differ.
    """
    kinds = {
        split: _kind(f"{where}: x of {split}", shape, dtype)
        for split, (shape, dtype) in described.items()
    }
    shapes = {split: shape[1:] for split, (shape, _) in described.items()}
    for split in described:
        if shapes[split] != shapes["train"]:
            raise ZooError(
                f"{where} has x of the shape {shapes[split]} in {split} and {shapes['train']} in "
                "train, without the number of examples; give one shape."
            )
    return kinds["train"]


def _kind(where: str, shape: tuple[int, ...], dtype: np.dtype) -> str:
    if dtype.kind not in "biuf":
        raise ZooError(f"{where} is of the type {dtype}; give numbers.")
    if 0 in shape:
        raise ZooError(f"{where} has the shape {shape}; give at least one example and one number.")
    if len(shape) == 2:
        return "vector"
    if len(shape) == 1:
        raise ZooError(
            f"{where} has the shape {shape}; give rows of numbers, (n, inputs), for one number "
            "each x.reshape(-1, 1)."
        )
    if len(shape) == 3 or (len(shape) == 4 and shape[3] in (1, 3)):
        if dtype == np.uint8:
            return "image"
        scaled = "scale them to that, (255 * (x / x.max())).astype('uint8')"
        whole = f"if x.max() is at most 255, give x.astype('uint8'); else {scaled}"
        raise ZooError(
            f"{where} is {dtype} {shape}, but images are uint8, 0…255; "
            f"{scaled if dtype.kind == 'f' else whole}, or give rows of numbers, "
            "x.reshape(len(x), -1)."
        )
    if len(shape) == 4 and shape[1] in (1, 3):
        raise ZooError(
            f"{where} has the shape {shape}, with the channels first; give (n, h, w, channels), "
            "x.transpose(0, 2, 3, 1)."
        )
    raise ZooError(
        f"{where} has the shape {shape}; give rows of numbers, (n, inputs), or images, uint8 "
        "(n, h, w), (n, h, w, 1) or (n, h, w, 3)."
    )


def vector_dataset(
    name: str,
    where: str,
    x: Mapping[str, np.ndarray],
    targets: Targets,
    *,
    inputs: Sequence[str] | None = None,
    target: str | None = None,
    notes: Sequence[str] = (),
) -> Dataset:
    """Return a data set of rows of numbers, which models scale.

    The rows of every split are ordered by their hashes, so that their order in x does not matter.

    Args:
        name: of the data set.
        where: what holds the rows, for messages.
        x: split → numbers, (n, inputs), with "train"; a split that is missing is taken out of it.
        targets: of the same splits.
        inputs: names of the numbers.
        target: recorded in the data set.
        notes: recorded in the data set, before those about splits.

    Raises:
        ZooError: as `from_arrays`.
    """
    x = {split: as_float32(f"{where}: x of {split}", "x", array) for split, array in x.items()}
    width = x["train"].shape[1]
    if inputs is not None and len(inputs) != width:
        raise ZooError(f"{where} names {len(inputs)} inputs, but x holds {width} numbers per row.")
    hashes = {split: row_hashes(array) for split, array in x.items()}
    rows = split_rows(where, hashes, targets, "row")
    splits = {}
    for split, (of, chosen) in rows.items():
        order = np.lexsort((*_keys(targets.y[of][chosen]), hashes[of][chosen]))
        chosen = chosen[order]
        splits[split] = Split(x[of][chosen], targets.y[of][chosen])
    found = repeats_note(
        {split: hashes[of][chosen] for split, (of, chosen) in rows.items()}, "rows"
    )
    names = tuple(inputs or ())
    return Dataset(
        name=name,
        kind="vector",
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
        labels=targets.labels,
        values=targets.values,
        fingerprint=fingerprint(
            [*target_lines(targets), *(f"input\t{name}" for name in names)],
            {split: [example_digest(np.asarray(splits[split].x))] for split in SPLITS},
            {split: splits[split].y for split in SPLITS},
        ),
        notes=(*notes, *splits_notes(x), *([found] if found else [])),
        inputs=names,
        target=target,
        standardize=True,
    )


def _keys(y: np.ndarray) -> list[np.ndarray]:
    """Return what orders equal rows, the first column last, as lexsort takes it."""
    return list(y.reshape(len(y), -1).T[::-1])


def target_lines(targets: Targets) -> list[str]:
    """Return what a fingerprint takes of labels or values."""
    return [*targets.labels, *(f"{value.name}\t{value.unit}" for value in targets.values)]


def splits_notes(given: Mapping[str, Any]) -> list[str]:
    """Return a sentence on splits that were given, if any."""
    if set(given) == {"train"}:
        return []
    missing = " and ".join(split for split in SPLITS if split not in given)
    carved = f"; {missing} is taken out of train" if missing else ""
    return [
        f"The splits {', '.join(split for split in SPLITS if split in given)} are given{carved}."
    ]


def split_rows(
    where: str, hashes: Mapping[str, np.ndarray], targets: Targets, what: str
) -> dict[str, tuple[str, np.ndarray]]:
    """Return for every split which given split its examples come from, and their indices.

    Args:
        where: what holds the examples, for messages.
        hashes: split → hashes of the examples given.
        targets: of the examples given.
        what: "row" or "image".

    Raises:
        ZooError: unless every class has examples in every split.
    """
    carved = {split: part for split, part in FRACTIONS.items() if split not in hashes}
    if len(targets.labels) == 1:
        raise ZooError(
            f"{where} has only one class, {printable(targets.labels[0])}; give at least "
            f"{_MIN_CLASSES}."
        )
    for split, of_split in hashes.items():
        least = len(carved) + 1 if split == "train" else 1
        _require_enough(where, split if len(hashes) > 1 else "", of_split, targets, least, what)
    classes = _classes(targets, "train")
    split_of = carve(hashes["train"], classes, carved)
    taken = {
        split: ("train", np.flatnonzero(split_of == index)) for index, split in enumerate(SPLITS)
    }
    others = {split: (split, np.arange(len(hashes[split]))) for split in hashes if split != "train"}
    return {**taken, **others}


def _classes(targets: Targets, split: str) -> np.ndarray:
    y = targets.y[split]
    return y if targets.labels else np.zeros(len(y), np.int64)


def _require_enough(
    where: str, split: str, hashes: np.ndarray, targets: Targets, least: int, what: str
) -> None:
    classes = _classes(targets, split or "train")
    counts = class_counts(hashes, classes, max(1, len(targets.labels)))
    few = np.flatnonzero(counts < least)
    if not len(few):
        return
    index = int(few[0])
    count = int(counts[index])
    rows = f"{count or 'no'} {'different ' * (least > 1)}{what}{'s' * (count != 1)}"
    of_class = f" of the class {printable(targets.labels[index])}" if targets.labels else ""
    inside = f" in {split}" if split else ""
    if np.count_nonzero(classes == index) >= least:
        inside += f" ({what}s that are equal count once, for the first of their classes)"
    raise ZooError(
        f"{where} has {rows}{of_class}{inside}, but at least {least} are needed: {_WHY[least]}."
    )


_WHY = {
    1: "one in every split",
    2: "one to train on, one for the split that is missing",
    3: "one to train on, one to validate, one to test",
}


def three_channels(images: np.ndarray) -> np.ndarray:
    """Return images with red, green and blue, uint8 (n, h, w, 3), gray ones three times.

    >>> three_channels(np.zeros((2, 8, 8), np.uint8)).shape
    (2, 8, 8, 3)
    """
    if images.ndim == 3:
        images = images[..., None]
    return images if images.shape[3] == 3 else np.repeat(images, 3, axis=3)


def image_digests(images: np.ndarray) -> np.ndarray:
    """Return the `example_digest` of each image, uint8 (n, 32)."""
    digests = b"".join(example_digest(image) for image in images)
    return np.frombuffer(digests, np.uint8).reshape(len(images), -1)


def digest_hashes(digests: np.ndarray) -> np.ndarray:
    """Return the first 8 bytes of digests as numbers, uint64 (n,)."""
    return np.ascontiguousarray(digests[:, :8]).view("<u8")[:, 0].astype(np.uint64)


def _image_dataset(name: str, where: str, x: Mapping[str, np.ndarray], targets: Targets) -> Dataset:
    images = {split: three_channels(array) for split, array in x.items()}
    digests = {split: image_digests(array) for split, array in images.items()}
    hashes = {split: digest_hashes(of_split) for split, of_split in digests.items()}
    rows = split_rows(where, hashes, targets, "image")
    splits = {
        split: Split(_chosen(images[of], chosen), targets.y[of][chosen])
        for split, (of, chosen) in rows.items()
    }
    of_split = {split: digests[of][chosen] for split, (of, chosen) in rows.items()}
    found = repeats_note(
        {split: digest_hashes(array) for split, array in of_split.items()}, "images"
    )
    return Dataset(
        name=name,
        kind="image",
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
        labels=targets.labels,
        values=targets.values,
        fingerprint=fingerprint(
            target_lines(targets), of_split, {split: splits[split].y for split in SPLITS}
        ),
        notes=(*splits_notes(x), *([found] if found else [])),
    )


def _chosen(images: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Return chosen images, read-only; all of them without a copy."""
    found = images[:] if len(indices) == len(images) else images[indices]
    found.flags.writeable = False
    return found

"""What every data set is once loaded: three splits, labels and a fingerprint."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from zoo.errors import ZooError
from zoo.utils.choices import require_choice
from zoo.utils.text import check_label, printable

if TYPE_CHECKING:
    from zoo.data.photos import Photos

SPLITS = ("train", "validation", "test")
_FINGERPRINT_DIGITS = 16


@dataclass(frozen=True, eq=False)
class Split:
    """Examples and their targets, in the same order.

    Args:
        x: float32 (n, inputs) numbers; or photos, uint8 0…255, as one array (n, h, w, 3) if all
            have one size and as `Photos` if not. Arrays of photos are read-only.
        y: (n,), int64 indices of labels, or float32 −1 and +1.
    """

    x: np.ndarray | Photos
    y: np.ndarray

    def __len__(self) -> int:
        return len(self.y)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set, split by a fixed function of each example's identity.

    Args:
        name: what `zoo.data.load` was given.
        kind: "vector" or "image".
        train: what weights are fitted to.
        validation: held out of training, to choose settings by.
        test: touched once, at the end.
        labels: the name of each class, by index.
        fingerprint: 16 hexadecimal digits, a hash of what was decoded: every x, its y and its
            split. The same photos read in another order, or on another machine, have the same.
        skipped: names of photos that could not be decoded and are in no split, printable.
        notes: sentences on what else is to know of the data, such as equal photos.

    Raises:
        ZooError: for a label that is not one printable line of text, or is there twice.
    """

    name: str
    kind: str
    train: Split
    validation: Split
    test: Split
    labels: tuple[str, ...]
    fingerprint: str
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self):
        where = f"The data set {printable(self.name)}"
        for label in self.labels:
            check_label(label, where)
        if len(set(self.labels)) < len(self.labels):
            raise ZooError(f"{where} has two classes of the same name; rename one.")

    def with_targets(self, targets: str) -> Dataset:
        """Return the same data set with y given as "index" or as "sign".

        Args:
            targets: "index" for int64 0, 1, …; "sign" for float32 −1 (the first label, the
                lecture's cat) and +1 (the second, its dog).

        Raises:
            ZooError: for "sign" if there are not two labels.
            UnknownNameError: for any other word.

        >>> from zoo import data
        >>> data.load("and").with_targets("sign").test.y
        array([-1., -1., -1.,  1.], dtype=float32)
        """
        require_choice("kind of target", targets, ("index", "sign"))
        if targets == "sign" and len(self.labels) != 2:
            raise ZooError(
                f"Targets −1 and +1 need 2 labels, but {self.name} has {len(self.labels)}; "
                "use targets 'index'."
            )
        convert = _as_sign if targets == "sign" else _as_index
        splits = {split: getattr(self, split) for split in SPLITS}
        return replace(self, **{name: Split(s.x, convert(s.y)) for name, s in splits.items()})


def computed_dataset(
    name: str, kind: str, splits: Mapping[str, Split], labels: Sequence[str]
) -> Dataset:
    """Return the data set of arrays that were computed rather than read."""
    digests = {split: [example_digest(row) for row in splits[split].x] for split in SPLITS}
    return Dataset(
        name=name,
        kind=kind,
        **splits,
        labels=tuple(labels),
        fingerprint=fingerprint(labels, digests, {split: splits[split].y for split in SPLITS}),
    )


def example_digest(x: np.ndarray) -> bytes:
    """Return the hash of one example: its type, its shape and its numbers."""
    digest = hashlib.sha256(f"{x.dtype.str} {x.shape}".encode())
    digest.update(np.ascontiguousarray(x))
    return digest.digest()


def fingerprint(
    labels: Iterable[str],
    digests: Mapping[str, Sequence[bytes]],
    targets: Mapping[str, np.ndarray],
) -> str:
    """Return the hash of a data set, given each split's example digests and label indices."""
    total = hashlib.sha256("\n".join(labels).encode())
    for split in SPLITS:
        total.update(f"\n{split} {len(digests[split])}\n".encode())
        total.update(b"".join(digests[split]))
        total.update(np.asarray(targets[split], "<i8").tobytes())
    return total.hexdigest()[:_FINGERPRINT_DIGITS]


def _as_sign(y: np.ndarray) -> np.ndarray:
    return np.where(y > 0, np.float32(1), np.float32(-1))


def _as_index(y: np.ndarray) -> np.ndarray:
    return y if y.dtype == np.int64 else (y > 0).astype(np.int64)

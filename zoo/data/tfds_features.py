"""Decides from the features of a TFDS data set what a model's inputs and targets are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoo.errors import ZooError
from zoo.utils.text import printable

_IDENTITY = re.compile(r"(?:.*[/_])?(?:id|uid|key|filename|file_name|file|path)", re.IGNORECASE)
_NUMBER = re.compile(r"u?int\d+|b?float\d+|bool")
_CHANNELS = (1, 3, 4)
_NEEDED = (
    "what is needed is one image and a class label, or numbers and a class label or a number to "
    "predict"
)


@dataclass(frozen=True)
class Feature:
    """A feature as features.json describes it.

    Args:
        name: its key in an example.
        kind: "image", "class label", "number", "numbers", "text", "video" and so on.
        text: what it is, for messages, such as "10 classes".
        names: the numbers of "numbers", if they have names.
        width: how many numbers.
        classes: how many classes.
    """

    name: str
    kind: str
    text: str
    names: tuple[str, ...] = ()
    width: int = 1
    classes: int = 0

    def __str__(self) -> str:
        return f"{printable(self.name)} ({self.text})"

    @property
    def is_identity(self) -> bool:
        """Whether it only tells examples apart, such as "id" or "image/filename"."""
        whole = self.kind == "text" or (self.kind == "number" and "int" in self.text)
        return whole and _IDENTITY.fullmatch(self.name) is not None


@dataclass(frozen=True)
class Chosen:
    """The inputs and the target of a data set.

    Args:
        inputs: one image; or numbers, in the order in which x has them.
        target: a class label or a number.
        identity: the feature that names an example, or None.
        ignored: names of the features that are not used.
    """

    inputs: tuple[Feature, ...]
    target: Feature
    identity: Feature | None
    ignored: tuple[str, ...]

    @property
    def is_image(self) -> bool:
        """Whether the input is an image."""
        return self.inputs[0].kind == "image"


@dataclass(frozen=True)
class Metadata:
    """What TFDS has written beside the examples.

    Args:
        folder: of the prepared files.
        features: name → feature.
        counts: split → number of examples.
        supervised: the keys of the input and the target that the data set's author chose, or ().
    """

    folder: Path
    features: Mapping[str, Feature]
    counts: Mapping[str, int]
    supervised: tuple[str, ...]

    @classmethod
    def read(cls, folder: Path) -> Metadata:
        """Read the metadata, without TensorFlow Datasets.

        Raises:
            OSError, ValueError, KeyError, TypeError, AttributeError: if it cannot be read.
        """
        info = json.loads((folder / "dataset_info.json").read_text(encoding="utf-8"))
        described = json.loads((folder / "features.json").read_text(encoding="utf-8"))
        counts = {
            split["name"]: sum(int(length) for length in split.get("shardLengths", ()))
            for split in info["splits"]
        }
        pair = info.get("supervisedKeys", {}).get("tuple", {}).get("items", ())
        # A data set may also be one feature without a name.
        inside = _children(described) or {"": described}
        features = {name: _feature(name, inside[name]) for name in inside}
        return cls(folder, features, counts, tuple(item.get("featureKey", "") for item in pair))

    def labels(self, target: Feature) -> tuple[str, ...]:
        """Return the names of the classes, or their numbers if they have none; () for values.

        Raises:
            OSError, ValueError: if the file of the names cannot be read.
        """
        path = self.folder / f"{target.name.replace('/', '.')}.labels.txt"
        if not path.exists():
            return tuple(str(index) for index in range(target.classes))
        lines = path.read_text(encoding="utf-8").split("\n")
        names = tuple(line.strip() for line in lines if line.strip())
        if len(names) != target.classes:
            raise ValueError(f"{path.name} has {len(names)} names for {target.text}")
        return names

    def choose(self, name: str, target: str | None) -> Chosen:
        """Return the inputs and the target.

        Args:
            name: of the data set, for messages.
            target: the feature to predict, or None if there is only one that can be.

        Raises:
            ZooError: if the features do not fit; the message lists them.
        """
        chosen = self._target(name, target)
        rest = [feature for feature in self.features.values() if feature is not chosen]
        inputs = self._inputs(name, [one for one in rest if not one.is_identity])
        if inputs[0].kind == "image" and chosen.kind != "class label":
            raise self._unfit(
                name, f"a value, {printable(chosen.name)}, cannot be predicted from images"
            )
        identity = next((feature for feature in rest if feature.is_identity), None)
        ignored = [one.name for one in rest if one not in inputs and one is not identity]
        return Chosen(inputs, chosen, identity, tuple(ignored))

    def _target(self, name: str, target: str | None) -> Feature:
        classes = [one for one in self.features.values() if one.kind == "class label"]
        numbers = [
            one for one in self.features.values() if one.kind == "number" and not one.is_identity
        ]
        if target is not None:
            for one in (*classes, *numbers):
                if one.name == target:
                    return one
            raise ZooError(
                f"{printable(name)} has no class label or number named '{printable(target)}' to "
                f"predict; it has {self._list()}."
            )
        if self.supervised:
            for one in (*classes, *numbers):
                if one.name == self.supervised[-1]:
                    return one
        candidates = classes or numbers
        if not candidates:
            raise self._unfit(name)
        if len(candidates) > 1:
            names = ", ".join(printable(one.name) for one in candidates)
            kind = "class labels" if classes else "numbers"
            raise ZooError(
                f"{printable(name)} has {len(candidates)} {kind} that can be predicted, {names}; "
                "choose one with --target."
            )
        return candidates[0]

    def _inputs(self, name: str, rest: list[Feature]) -> tuple[Feature, ...]:
        if self.supervised:
            for one in rest:
                if one.name == self.supervised[0] and one.kind in ("image", "numbers"):
                    return (one,)
        for kind in ("image", "numbers"):
            found = [one for one in rest if one.kind == kind]
            if len(found) > 1:
                raise self._unfit(name, f"there are {len(found)} of the kind {kind}")
            if found:
                return (found[0],)
        numbers = tuple(one for one in rest if one.kind == "number")
        # Numbers beside a text or a video describe it; alone they are the example.
        if numbers and all(one.kind in ("number", "class label") for one in rest):
            return numbers
        raise self._unfit(name)

    def _unfit(self, name: str, why: str = "") -> ZooError:
        return ZooError(
            f"{printable(name)} cannot be used{f', since {why}' if why else ''}: it has "
            f"{self._list()}; {_NEEDED}."
        )

    def _list(self) -> str:
        texts = [str(feature) for feature in self.features.values()]
        start = "the feature " if len(texts) == 1 else "the features "
        return start + " and ".join(filter(None, (", ".join(texts[:-1]), texts[-1])))


def _children(described: Mapping[str, Any]) -> Mapping[str, Any]:
    return described.get("featuresDict", {}).get("features", {})


def _feature(name: str, described: Mapping[str, Any]) -> Feature:
    kind = described["pythonClassName"].rpartition(".")[2]
    if kind == "ClassLabel":
        classes = int(described["classLabel"].get("numClasses", 0))
        return Feature(name, "class label", f"{classes} classes", classes=classes)
    if kind == "Image":
        return _image(name, described["image"])
    if kind in ("Tensor", "Scalar"):
        return _tensor(name, described["tensor"])
    if children := _children(described):
        inside = {key: _feature(key, child) for key, child in children.items()}
        if all(one.kind == "number" for one in inside.values()):
            return Feature(name, "numbers", f"{len(inside)} numbers", tuple(inside), len(inside))
        return Feature(name, "features", f"with {', '.join(map(str, inside.values()))}")
    word = _word(kind)
    inside_text = ", ".join(_names_inside(described))
    return Feature(name, word, f"{word} of {inside_text}" if inside_text else word)


def _image(name: str, described: Mapping[str, Any]) -> Feature:
    sides = _sides(described)
    kind = str(described.get("dtype", "uint8"))
    size = "×".join("any" if side < 0 else str(side) for side in sides)
    usable = kind == "uint8" and (len(sides) == 3 and sides[2] in _CHANNELS)
    text = f"image {size}" if sides and min(sides) > 0 else "image of any size"
    return Feature(
        name,
        "image" if usable else "other image",
        text if usable else f"{kind} {text}, while pixels must be uint8 of 1, 3 or 4 channels",
    )


def _tensor(name: str, described: Mapping[str, Any]) -> Feature:
    sides, kind = _sides(described), str(described.get("dtype", ""))
    is_number = _NUMBER.fullmatch(kind) is not None
    if not sides:
        return Feature(name, "number" if is_number else "text", kind if is_number else "text")
    size = "×".join("any" if side < 0 else str(side) for side in sides)
    if is_number and len(sides) == 1 and sides[0] > 0:
        return Feature(name, "numbers", f"{sides[0]} numbers", width=sides[0])
    return Feature(name, "tensor", f"{kind} {size}")


def _sides(described: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(int(side) for side in described.get("shape", {}).get("dimensions", ()))


def _names_inside(described: Mapping[str, Any]) -> Iterator[str]:
    inner = described.get("sequence", described.get("dataset", {})).get("feature", {})
    if children := _children(inner):
        yield from (f"{printable(key)}" for key in children)
    elif "pythonClassName" in inner:
        yield _word(inner["pythonClassName"].rpartition(".")[2])


def _word(kind: str) -> str:
    known = {"BBoxFeature": "bounding box", "Text": "text", "ClassLabel": "class labels"}
    return known.get(kind) or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).lower()

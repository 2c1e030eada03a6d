"""The trained bundles that come with the package, found from a checkout or installed wheels.

The base wheel has the files that a board runs; the distribution `WEIGHTS` has every file of every
bundle, so that its folders stand in for those of the base wheel.
"""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.errors import ZooError
from zoo.utils.text import printable
from zoo.utils.version import __version__

if TYPE_CHECKING:
    import keras

WEIGHTS = "lecture-zoo-weights"
# The package of that distribution, whose folders are the bundles.
WEIGHTS_PACKAGE = "lecture_zoo_weights"
# In a wheel saved_models is a folder of the package, in a checkout it lies beside it.
_PACKAGE = Path(__file__).resolve().parents[1]
_BASE = _PACKAGE / "saved_models"
_PLACES = (_BASE, _PACKAGE.parent / "saved_models")
_SEPARATORS = tuple(filter(None, (os.sep, os.altsep)))


def list_shipped() -> list[str]:
    """Return the names of the shipped bundles."""
    return sorted({path.parent.name for place in _PLACES for path in place.glob("*/manifest.json")})


def is_name(name_or_path: str | Path) -> bool:
    """Return whether a word is a model's name: a path has a separator, or is `.` or `..`.

    >>> is_name("deep_relu"), is_name("./deep_relu"), is_name(Path("deep_relu"))
    (True, False, False)
    """
    if not isinstance(name_or_path, str) or name_or_path in ("", os.curdir, os.pardir):
        return False
    return not any(separator in name_or_path for separator in _SEPARATORS)


def as_word(path: str | Path) -> str:
    """Return a path in a form that cannot be mistaken for a name.

    >>> as_word(Path("bundle")), as_word("runs/one")
    ('./bundle', 'runs/one')
    """
    return f"{os.curdir}{os.sep}{path}" if is_name(str(path)) else str(path)


def shipped_bundle(name: str) -> Path:
    """Return the folder of a shipped bundle by name, regardless of the current folder's content.

    The folder of the distribution `WEIGHTS`, which has every file, if it is installed and of this
    version; else that of the base wheel.

    Raises:
        ZooError: if no bundle of that name is shipped.
    """
    for place in _PLACES:
        if is_name(name) and (place / name / "manifest.json").is_file():
            return _complete(place / name) or place / name
    shipped = ", ".join(list_shipped()) or "none"
    message = f"There is no shipped bundle named {name!r}; the shipped bundles are {shipped}."
    if is_name(name) and Path(name).is_dir():
        message += f" For the folder of that name, give {as_word(name)}."
    raise ZooError(message)


def find_bundle(name_or_path: str | Path) -> Path:
    """Return the folder of a bundle, given a shipped bundle's name or a path.

    Text without a separator is a name, even if the current folder contains it; `./NAME` is a path.
    A run folder stands for the bundle in it.

    Raises:
        ZooError: if there is no such bundle.
    """
    if is_name(name_or_path):
        return shipped_bundle(str(name_or_path))
    if str(name_or_path).startswith("hf://"):
        raise ZooError(
            f"{printable(name_or_path)} is on the hub, where only `zoo predict` and zoo.edge.load "
            "read it; for all else run: hf download USER/REPO --local-dir FOLDER"
        )
    path = Path(name_or_path)
    if (path / "manifest.json").is_file():
        return path
    if (path / "bundle" / "manifest.json").is_file():
        return path / "bundle"
    if not path.is_dir():
        raise ZooError(
            f"There is no folder {path}; give a bundle's folder or a shipped model's name: "
            f"{', '.join(list_shipped()) or 'none is shipped'}."
        )
    hint = (
        f"run `zoo export {path}` first"
        if (path / "config.json").is_file()
        else "copy the whole bundle again"
    )
    raise ZooError(f"{path} is not a bundle: it has no manifest.json; {hint}.")


def shipped_options(name: str) -> dict[str, Any]:
    """Return the builder's options that a shipped bundle was trained with.

    Raises:
        ZooError: if no bundle of that name is shipped.
    """
    path = shipped_bundle(name) / "manifest.json"
    return json.loads(path.read_text(encoding="utf-8"))["options"]


def require_weights(bundle: Path, file: str = "model.keras") -> None:
    """Raise an error if a file of a shipped bundle is missing since the base wheel leaves it out.

    Args:
        bundle: the folder, as `find_bundle` returns it. Other bundles are not checked.
        file: name of the file in it.

    Raises:
        ZooError: naming the distribution to install.
    """
    if bundle.parent != _BASE or (bundle / file).is_file():
        return
    other = "" if not list(_weights_folders()) else "of this version "
    raise ZooError(
        f"{file} of {bundle.name} is not part of the base install; it comes with the weights "
        f'{other}in a distribution of their own, run: pip install "{WEIGHTS}=={__version__}"'
    )


def require_artifact(bundle: Path, artifact: str) -> None:
    """Raise an error if the file of a shipped bundle's artifact is not part of the base wheel.

    Args:
        bundle: the folder, as `find_bundle` returns it. Other bundles are not checked.
        artifact: such as "float16"; one that the bundle does not have is not checked.

    Raises:
        ZooError: naming the distribution to install.
    """
    if bundle.parent == _BASE and (bundle / "manifest.json").is_file():
        artifacts = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))["artifacts"]
        file = artifacts.get(artifact, {}).get("file", "")
        if file.endswith(".tflite"):
            require_weights(bundle, file)


def _complete(bundle: Path) -> Path | None:
    """Return the folder of the same bundle in the distribution `WEIGHTS`, or None."""
    if bundle.parent == _BASE:
        manifest = (bundle / "manifest.json").read_bytes()
        for place in _weights_folders():
            path = place / bundle.name / "manifest.json"
            # Other weights may be another function than this version's model.
            if path.is_file() and path.read_bytes() == manifest:
                return path.parent
    return None


def _weights_folders() -> Iterator[Path]:
    """Yield the folder of the distribution `WEIGHTS`, if it is installed."""
    found = importlib.util.find_spec(WEIGHTS_PACKAGE)
    if found is not None:
        yield from map(Path, found.submodule_search_locations or ())


def check_shipped_options(
    name: str, options: Mapping[str, Any], training_options: tuple[str, ...]
) -> None:
    """Raise an error unless the shipped weights are for a model with these options.

    Args:
        name: of the shipped bundle.
        options: as the user gives them.
        training_options: what may differ, since it does not change the trained function.

    Raises:
        ZooError: if an option differs, or no bundle of that name is shipped.
    """
    trained = shipped_options(name)
    for option, value in options.items():
        if option not in training_options and value != trained[option]:
            raise ZooError(
                f"The shipped weights of {name} were trained with {option}={trained[option]}, not "
                f"{option}={value}; leave {option} out, or build it without pretrained weights."
            )


def load_weights(name: str, model: keras.Model) -> None:
    """Put the shipped weights into a model built with the options they were trained with.

    Raises:
        ZooError: if none are shipped, or they are not installed.
    """
    from zoo.nn import loading

    bundle = shipped_bundle(name)
    require_weights(bundle)
    trained = loading.load_model(bundle)
    for given, wanted in zip(_weights(trained), _weights(model), strict=True):
        wanted.assign(given)


def _weights(model: keras.Model) -> list[keras.Variable]:
    # Dropout, which training alone needs, keeps a random state among the weights.
    return [weight for weight in model.weights if not weight.path.endswith("seed_generator_state")]

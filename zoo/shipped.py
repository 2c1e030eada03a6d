"""The trained bundles that come with the package, found from a checkout or an installed wheel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.errors import ZooError

if TYPE_CHECKING:
    import keras

# In a wheel saved_models is a folder of the package, in a checkout it lies beside it.
_PACKAGE = Path(__file__).resolve().parent
_PLACES = (_PACKAGE / "saved_models", _PACKAGE.parent / "saved_models")


def list_shipped() -> list[str]:
    """Return the names of the shipped bundles."""
    return sorted({path.parent.name for place in _PLACES for path in place.glob("*/manifest.json")})


def find_bundle(name_or_path: str | Path) -> Path:
    """Return the folder of a bundle: a path as it is, or the shipped bundle of that name.

    A run folder stands for the bundle exported into it.

    Raises:
        ZooError: if there is neither.
    """
    path = Path(name_or_path)
    if (path / "manifest.json").is_file():
        return path
    if (path / "bundle" / "manifest.json").is_file():
        return path / "bundle"
    if path.is_dir():
        hint = (
            f"run `zoo export {path}` first"
            if (path / "config.json").is_file()
            else ("copy the whole bundle again")
        )
        raise ZooError(f"{path} is no bundle: it has no manifest.json; {hint}.")
    for place in _PLACES:
        if (place / path.name / "manifest.json").is_file() and path.name == str(name_or_path):
            return place / path.name
    raise ZooError(
        f"There is no bundle {str(name_or_path)!r}: it is no folder, and the shipped ones are "
        f"{', '.join(list_shipped()) or 'none'}."
    )


def shipped_options(name: str) -> dict[str, Any]:
    """Return the builder's options that a shipped bundle was trained with.

    Raises:
        ZooError: if no bundle of that name is shipped.
    """
    return json.loads((find_bundle(name) / "manifest.json").read_text(encoding="utf-8"))["options"]


def load_weights(name: str, model: keras.Model) -> None:
    """Put the shipped weights into a model.

    Raises:
        ZooError: if none are shipped, or they are of a model with other options.
    """
    path = find_bundle(name) / "model.keras"
    try:
        model.load_weights(path)
    except ValueError as error:
        trained_with = " ".join(f"{key}={value}" for key, value in shipped_options(name).items())
        raise ZooError(
            f"The shipped weights of {name} are for {trained_with}; build it without other options."
        ) from error

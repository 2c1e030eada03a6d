"""Messages from the page to the playground: parsing and validation."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection
from typing import Any

from zoo.errors import ZooError
from zoo.nn.activation_names import NAMES as ACTIVATIONS
from zoo.utils.choices import require_choice
from zoo.utils.text import printable

DATA = ("and", "or", "xor", "blobs", "spirals")
MODELS = ("perceptron", "network")

MAX_DEPTH, MAX_WIDTH, MAX_UPDATES = 4, 32, 500
MAX_MESSAGE_BYTES = 2**16
_SHOWN = 60


@dataclasses.dataclass(frozen=True)
class Settings:
    """The settings of one training.

    Attributes:
        data: one of `DATA`.
        model: "perceptron", trained on one example at a time, or "network".
        activation: of the network's hidden layers, one of `ACTIVATIONS`.
        depth: number of hidden layers, 0 to `MAX_DEPTH`.
        width: units per hidden layer, 1 to `MAX_WIDTH`.
        learning_rate: 1e-6 to 10.
        seed: for the initial weights and the order of the examples.
    """

    data: str
    model: str
    activation: str
    depth: int
    width: int
    learning_rate: float
    seed: int


def read_message(content: bytes | str) -> dict[str, Any]:
    """Parse a message, which must be a JSON object.

    Raises:
        ZooError: if it is not.
    """
    try:
        message = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ZooError("A message must be a JSON object, but this is not JSON.") from error
    if not isinstance(message, dict):
        raise ZooError("A message must be a JSON object, but this is another JSON value.")
    return message


def read_settings(message: dict[str, Any]) -> Settings:
    """Return the settings in a message; whole numbers may be written as 4 or 4.0.

    Raises:
        ZooError: naming the first setting that is missing or out of range.
    """
    return Settings(
        data=_choice("data", message, DATA),
        model=_choice("model", message, MODELS),
        activation=_choice("activation", message, ACTIVATIONS),
        depth=_whole("depth", message, 0, MAX_DEPTH),
        width=_whole("width", message, 1, MAX_WIDTH),
        learning_rate=_number("learning_rate", message, 1e-6, 10),
        seed=_whole("seed", message, 0, 2**31 - 1),
    )


def read_updates(message: dict[str, Any]) -> int:
    """Return the number of updates in a message, 0 (only return the state) to `MAX_UPDATES`.

    Raises:
        ZooError: if it is missing or out of range.
    """
    return _whole("updates", message, 0, MAX_UPDATES)


def read_training(message: dict[str, Any]) -> int:
    """Return the number of the training that a message is about, counted from 1 per worker.

    Raises:
        ZooError: if it is missing or out of range.
    """
    return _whole("training", message, 1, 2**53)


def read_token(message: dict[str, Any]) -> str | None:
    """Return the token of the worker that serves a page, or None if it has none yet.

    Raises:
        ZooError: if it is not a string.
    """
    token = message.get("token")
    if token is not None and not isinstance(token, str):
        raise ZooError(f"The token is {_shown(token)}; give a string, or leave it out.")
    return token


def _choice(name: str, message: dict[str, Any], choices: Collection[str]) -> str:
    given = message.get(name)
    if not isinstance(given, str) or len(given) > _SHOWN:
        raise ZooError(f"The {name} is {_shown(given)}; choose from {', '.join(choices)}.")
    require_choice(name, given, choices)
    return given


def _number(name: str, message: dict[str, Any], low: float, high: float) -> float:
    given = message.get(name)
    if isinstance(given, bool) or not isinstance(given, int | float) or not low <= given <= high:
        raise ZooError(
            f"The {name.replace('_', ' ')} is {_shown(given)}; give a number from {low:,} to "
            f"{high:,}."
        )
    # JSON writes 1.0 as 1, but Keras does not accept an int as a learning rate.
    return float(given)


def _whole(name: str, message: dict[str, Any], low: int, high: int) -> int:
    given: Any = message.get(name)
    whole = isinstance(given, int) or (isinstance(given, float) and given.is_integer())
    if isinstance(given, bool) or not whole or not low <= given <= high:
        raise ZooError(
            f"The {name} is {_shown(given)}; give a whole number from {low:,} to {high:,}."
        )
    return int(given)


def _shown(given: Any) -> str:
    if given is None:
        return "missing"
    try:
        text = printable(repr(given))
    except ValueError:
        # Python refuses to print an int of more than 4,300 digits.
        text = "a very large number"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"

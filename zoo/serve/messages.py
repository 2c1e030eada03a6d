"""What a page may say to the playground: every message is read here, and refused here."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection
from typing import Any

from zoo.errors import ZooError
from zoo.utils.choices import require_choice
from zoo.utils.text import printable

DATA = ("and", "or", "xor", "blobs", "spirals")
MODELS = ("perceptron", "network")
# As in zoo.nn.activations, which loads Keras; a test compares the two.
ACTIVATIONS = (
    "step",
    "sigmoid",
    "linear",
    "leaky_relu",
    "prelu",
    "elu",
    "tanh",
    "swish",
    "relu",
    "softplus",
)
MAX_DEPTH, MAX_WIDTH, MAX_UPDATES = 4, 32, 500
MAX_MESSAGE_BYTES = 2**16
_SHOWN = 60


@dataclasses.dataclass(frozen=True)
class Settings:
    """What one training is made from.

    Attributes:
        data: one of `DATA`.
        model: "perceptron", which learns from one example at a time, or "network".
        activation: of the network's hidden layers, one of the lecture's ten.
        depth: hidden layers, 0 to `MAX_DEPTH`.
        width: units in each, 1 to `MAX_WIDTH`.
        learning_rate: 1e-6 to 10.
        seed: of the weights and of the order of the examples.
    """

    data: str
    model: str
    activation: str
    depth: int
    width: int
    learning_rate: float
    seed: int


def read_message(content: bytes | str) -> dict[str, Any]:
    """Return a message, a JSON object.

    Raises:
        ZooError: if it is anything else.
    """
    try:
        message = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ZooError("A message is a JSON object; this is not JSON.") from error
    if not isinstance(message, dict):
        raise ZooError("A message is a JSON object; this is other JSON.")
    return message


def read_settings(message: dict[str, Any]) -> Settings:
    """Return the settings that a message asks for; whole numbers may be written 4 or 4.0.

    Raises:
        ZooError: naming the first that is missing or out of range.
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
    """Return how many updates a message asks for, 0 (only look) to `MAX_UPDATES`.

    Raises:
        ZooError: if it is anything else.
    """
    return _whole("updates", message, 0, MAX_UPDATES)


def read_training(message: dict[str, Any]) -> int:
    """Return which training of its process a message is about, counted from 1.

    Raises:
        ZooError: if it does not say.
    """
    return _whole("training", message, 1, 2**53)


def read_token(message: dict[str, Any]) -> str | None:
    """Return the token of a process that a page was lent; None before it has one.

    Raises:
        ZooError: if it is neither text nor absent.
    """
    token = message.get("token")
    if token is not None and not isinstance(token, str):
        raise ZooError("The token is a text, or absent.")
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
    # JSON writes 1.0 as 1, and Keras takes no whole number for a learning rate.
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
        # Python writes no whole number of more than 4,300 digits.
        text = "a very large number"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"

"""Messages from the page to the server: one schema, and one sentence for what does not fit it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Iterable
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from zoo.errors import ZooError
from zoo.nn.activation_names import NAMES as ACTIVATIONS
from zoo.serve import settings as schema
from zoo.serve.refusals import describe, refusal
from zoo.utils.choices import require_choice
from zoo.utils.text import printable

MAX_MESSAGE_BYTES = 2**16
# The largest weight that may be set by hand.
MAX_WEIGHT = 1e3

Token = Annotated[str, Field(min_length=1, max_length=64)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class Message(BaseModel):
    """What every message has in common: no unknown field, and no text in place of a number."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Training(Message):
    """Which training a message is about: alive, end, code and export say no more.

    Attributes:
        training: its token, as `start` answered it.
    """

    training: Token


class Start(Message):
    """Start a training.

    Attributes:
        settings: of the training; "kind" says whether of the plane, a curve or a field.
        training: token of the training that it replaces, if any.
    """

    settings: schema.Settings
    training: Token | None = None


class Step(Training):
    """Make updates.

    Attributes:
        updates: how many; 0 returns the state as it is.
    """

    updates: int = Field(ge=0, le=schema.MAX_UPDATES)


class Back(Training):
    """Go back to an earlier update.

    Attributes:
        to: number of updates after which to go on.
    """

    to: int = Field(ge=0, le=schema.MAX_TOTAL_UPDATES)


class Weight(Training):
    """Set a weight by hand.

    Attributes:
        layer: 0 for the first hidden layer; the output is the last.
        row: the input that the weight belongs to; −1 for the bias.
        column: the unit.
        value: of the weight.
    """

    layer: int = Field(ge=0, le=schema.MAX_DEPTH)
    row: int = Field(ge=-1, le=schema.MAX_WIDTH - 1)
    column: int = Field(ge=0, le=schema.MAX_WIDTH - 1)
    value: float = Field(ge=-MAX_WEIGHT, le=MAX_WEIGHT, allow_inf_nan=False)


class Predict(Message):
    """The query of a prediction, and of a search for joints; the photo is the body.

    Attributes:
        model: name of a served model.
        artifact: one of its files; by default the first.
    """

    model: Name
    artifact: Name | None = None


class Join(Message):
    """The form of the page that asks for the join code.

    Attributes:
        code: as printed by `zoo serve`; upper or lower case, with or without spaces.
    """

    code: Annotated[str, Field(max_length=100)]


Kind = TypeVar("Kind", bound=BaseModel)


def read(kind: type[Kind], content: bytes | str) -> Kind:
    """Read a message, which is a JSON object.

    Args:
        kind: the schema, such as `Step`.
        content: the body of a request.

    Raises:
        ZooError: in one sentence, if it does not fit the schema.
    """
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        raise ZooError(refusal(kind, error)) from None


def read_query(kind: type[Kind], pairs: Iterable[tuple[str, str]]) -> Kind:
    """Read the names and texts of a query string or of a form.

    Args:
        kind: the schema, such as `Predict`.
        pairs: (name, text), decoded.

    Raises:
        ZooError: in one sentence, if it does not fit the schema, or a name is there twice.
    """
    found: dict[str, str] = {}
    for name, text in pairs:
        if name in found:
            raise ZooError(f"The {printable(name)[:60]} is given twice; give it once.")
        found[name] = text
    try:
        return kind.model_validate(found)
    except ValidationError as error:
        raise ZooError(refusal(kind, error)) from None


def choices() -> dict[str, dict[str, dict[str, Any]]]:
    """Return what each of the settings may be, for the controls of the page.

    Returns:
        Kind of the settings ("plane", "curve", "field") → name of a setting → as
        `zoo.serve.refusals.describe`.
    """
    return {
        "plane": describe(schema.PlaneSettings),
        "curve": describe(schema.CurveSettings),
        "field": describe(schema.FieldSettings),
    }


# What follows reads the messages of the old playground, until it is gone.

DATA = ("and", "or", "xor", "blobs", "spirals")
MODELS = ("perceptron", "network")

MAX_DEPTH, MAX_WIDTH, MAX_UPDATES = 4, 32, 500
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

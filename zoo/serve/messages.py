"""Messages from the page to the server: one schema, and one sentence for what does not fit it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from zoo.errors import ZooError
from zoo.serve import settings as schema
from zoo.serve.refusals import describe, refusal
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
    """Go to an update that was reached before, an earlier or a later one.

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

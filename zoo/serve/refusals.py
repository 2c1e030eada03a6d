"""One sentence for what does not fit a schema: which field, what was given, what is expected."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from zoo.utils.text import printable

_SHOWN = 60
_SHORTEST = 3


def refusal(schema: type[BaseModel], error: ValidationError) -> str:
    """Return one sentence about the first field that does not fit.

    What is expected is read from the JSON schema of the model, so that a limit is written once.

    >>> from pydantic import BaseModel, Field
    >>> class Step(BaseModel):
    ...     updates: int = Field(ge=0, le=500)
    >>> try:
    ...     Step.model_validate({"updates": 501})
    ... except ValidationError as error:
    ...     refusal(Step, error)
    'The updates are 501; give a whole number from 0 to 500.'
    """
    # A message can be wrong in thousands of places; one is enough. A misspelled name is told
    # before what is missing because of it.
    places = error.errors(include_url=False)
    found = next((place for place in places if place["type"] == "extra_forbidden"), places[0])
    kind, given = found["type"], found["input"]
    if kind == "json_invalid":
        return "A message must be a JSON object, but this is not JSON."
    if kind == "value_error":
        # The validators of the settings say it themselves.
        return str(found["ctx"]["error"])
    node, names = _follow(schema, found["loc"])
    if not names and kind in ("model_type", "dict_type", "model_attributes_type"):
        return "A message must be a JSON object, but this is another JSON value."
    if kind == "extra_forbidden":
        return _unknown(names, node)
    if kind == "missing" or given is None:
        return f"{_spoken(names)} missing; {_expected(node, given)}."
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        tag = found["ctx"]["discriminator"].strip("'")
        given = given.get(tag) if isinstance(given, dict) else given
        kinds = _suggestion(given, list(node["discriminator"]["mapping"]))
        return f"{_spoken([*names, tag])} {_shown(given)}; {kinds}."
    if kind in ("too_long", "too_short"):
        count = found["ctx"]["actual_length"] or len(given)
        return f"{_spoken(names)} a list of {count:,} items; {_expected(node, given)}."
    return f"{_spoken(names)} {_shown(given)}; {_expected(node, given)}."


def describe(schema: type[BaseModel]) -> dict[str, dict[str, Any]]:
    """Return what each field may be, for the controls of a page.

    Returns:
        Name of a field → "default" and, as far as they apply to it (for a list: to each of its
        items), "choices", "minimum" and "maximum"; for a list also "fewest" and "most" items.
    """
    root = _json_schema(schema)
    return {name: _described(root, node) for name, node in root["properties"].items()}


@functools.cache
def _json_schema(schema: type[BaseModel]) -> Mapping[str, Any]:
    return schema.model_json_schema()


def _described(root: Mapping[str, Any], node: Mapping[str, Any]) -> dict[str, Any]:
    node = _resolved(root, node)
    found = {"default": node["default"]} if "default" in node else {}
    if node.get("type") == "array":
        found |= {"fewest": node.get("minItems", 0), "most": node["maxItems"]}
        node = _resolved(root, node["items"])
        if node.get("type") == "array":
            found["each"] = node["maxItems"]
            node = node["prefixItems"][0]
    if choices := _choices(node):
        found["choices"] = choices
    return found | {key: node[key] for key in ("minimum", "maximum") if key in node}


def _follow(
    schema: type[BaseModel], loc: Sequence[int | str]
) -> tuple[Mapping[str, Any], list[int | str]]:
    """Return the node of the JSON schema at a place, and the names of the fields on the way."""
    root = _json_schema(schema)
    node: Mapping[str, Any] = root
    names: list[int | str] = []
    for part in loc:
        mapping = node.get("discriminator", {}).get("mapping", {})
        if part in mapping and not node.get("properties"):
            # A tag of a union is part of the place, but not of the message.
            node = _resolved(root, {"$ref": mapping[part]})
            continue
        names.append(part)
        if isinstance(part, int):
            items = node.get("prefixItems", [])
            node = _resolved(root, items[part] if part < len(items) else node.get("items", {}))
        elif part in node.get("properties", {}):
            node = _resolved(root, node["properties"][part])
        # Else the field is unknown, and the node stays that of the object which has it.
    return node, names


def _resolved(root: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" in node:
        return {**root["$defs"][node["$ref"].rpartition("/")[2]], **node}
    # `None` says that a field may be left out.
    for choice in node.get("anyOf", ()):
        if choice.get("type") != "null":
            return _resolved(root, choice)
    return node


def _spoken(names: Sequence[int | str]) -> str:
    """Return the names from the innermost on, with "is": "Item 2 of item 4 of points is"."""
    # "settings" only says where a field stands.
    wanted = [name for name in names if name != "settings"] or list(names)
    fields = [name for name in wanted if isinstance(name, str)]
    items = [f"item {name + 1} of" for name in wanted if isinstance(name, int)]
    field = printable(fields[-1].replace("_", " "))[:_SHOWN] if fields else "message"
    if len(field) < _SHORTEST:
        # "The to is missing" is no sentence.
        field = f'field "{field}"'
    plural = field.endswith("s") and not field.endswith("ss") and not items
    what = " ".join([*reversed(items), field]) if items else f"the {field}"
    return f"{what[0].upper()}{what[1:]} {'are' if plural else 'is'}"


def _unknown(names: Sequence[int | str], node: Mapping[str, Any]) -> str:
    given, known = str(names[-1]), list(node["properties"])
    return f"There is no field {_shown(given)}; {_suggestion(given, known)}."


def _suggestion(given: Any, known: Sequence[Any]) -> str:
    near = difflib.get_close_matches(str(given)[:_SHOWN], map(str, known), n=1, cutoff=0.6)
    meant = f" (did you mean {near[0]}?)" if near else ""
    return f"choose from {', '.join(map(str, known))}{meant}"


def _choices(node: Mapping[str, Any]) -> list[Any]:
    return node.get("enum") or ([node["const"]] if "const" in node else [])


def _expected(node: Mapping[str, Any], given: Any) -> str:
    if choices := _choices(node):
        return _suggestion(given, choices)
    kind = node.get("type")
    if kind in ("integer", "number"):
        what, form = ("a whole number", ",") if kind == "integer" else ("a number", ",.6g")
        return f"give {what} from {node['minimum']:{form}} to {node['maximum']:{form}}"
    if kind == "string":
        return f"give a text of {node.get('minLength', 0)} to {node['maxLength']} characters"
    if kind == "array":
        low, high = node.get("minItems", 0), node["maxItems"]
        return f"give a list of {low if low == high else f'{low} to {high}'} items"
    if mapping := node.get("discriminator", {}).get("mapping"):
        return f"give an object whose kind is {' or '.join(mapping)}"
    return f"give an object with the fields {', '.join(node['properties'])}"


def _shown(given: Any) -> str:
    if isinstance(given, list):
        return f"a list of {len(given):,} items"
    if isinstance(given, dict):
        return "an object"
    if given is None:
        return "missing"
    if isinstance(given, bool):
        return "true" if given else "false"
    try:
        text = printable(repr(given[: _SHOWN + 1] if isinstance(given, str) else given))
    except ValueError:
        # Python refuses to print an int of more than 4,300 digits.
        return "a very large number"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"

"""Recipes as TOML files: the fields of `Recipe`, with the tables [options] and [augmentation]."""

from __future__ import annotations

import inspect
import json
import re
import sys
import textwrap
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

from zoo.errors import ZooError
from zoo.registry.recipes import Augmentation, Recipe
from zoo.utils.choices import require_choice

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SUFFIX = ".toml"
_TABLES = ("options", "augmentation")
_TYPES: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text in quotes",
}
_WIDTH = 100


def recipe_text(recipe: Recipe) -> str:
    """Return a recipe as TOML; fields at their default are comments, as is what they mean."""
    texts = _descriptions(Recipe)
    lines: list[str] = []
    for of in fields(Recipe):
        if of.name in _TABLES:
            continue
        lines += _comment(texts.get(of.name, ""))
        value = getattr(recipe, of.name)
        given = of.default is MISSING or value != of.default
        # TOML has no word for a value that is not given.
        word = "" if value is None else _word(value)
        lines.append(f"{'' if given else '#'}{of.name} = {word}".rstrip())
    lines += ["", *_comment(texts.get("options", "")), "[options]"]
    lines += [f"{_key(name)} = {_word(value)}" for name, value in recipe.options.items()]
    chosen, unused = recipe.augmentation, "#" if recipe.augmentation is None else ""
    lines += ["", *_comment(texts.get("augmentation", "")), f"{unused}[augmentation]"]
    texts = _descriptions(Augmentation)
    for of in fields(Augmentation):
        lines += _comment(texts.get(of.name, ""))
        value = of.default if chosen is None else getattr(chosen, of.name)
        lines.append(f"{'#' if value == of.default else ''}{of.name} = {_word(value)}")
    return "\n".join(lines) + "\n"


def read_recipe(path: Path) -> Recipe:
    """Return the recipe of a TOML file; see `Recipe.from_toml`."""
    try:
        content = tomllib.loads(path.read_bytes().decode("utf-8"))
    except OSError as error:
        raise ZooError(
            f"The recipe {path} cannot be read ({error.strerror}); `zoo describe MODEL --toml` "
            "writes one."
        ) from error
    except UnicodeDecodeError as error:
        raise ZooError(f"The recipe {path} is not UTF-8 text; save it as such.") from error
    except tomllib.TOMLDecodeError as error:
        raise ZooError(f"The recipe {path} is not TOML: {error}.") from error
    try:
        return _recipe(content)
    except ZooError as error:
        raise type(error)(f"The recipe {path} cannot be used: {error}") from error


def _recipe(content: dict[str, Any]) -> Recipe:
    tables = {name: content.pop(name) for name in _TABLES if name in content}
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise ZooError(f"{name} is {table!r}; give a table, [{name}].")
    values = _values(Recipe, content)
    for of in fields(Recipe):
        if of.default is MISSING and of.name not in (*values, *_TABLES):
            raise ZooError(f"{of.name} is missing; give a value for it.")
    if "augmentation" in tables:
        values["augmentation"] = Augmentation(**_values(Augmentation, tables["augmentation"]))
    recipe = Recipe(**values, options=tables.get("options", {}))
    recipe.check()
    return recipe


def _values(kind: type, content: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a dataclass from a table, with their types checked."""
    hints = get_type_hints(kind)
    known = [of.name for of in fields(kind) if of.name not in _TABLES]
    values = {}
    for name, value in content.items():
        require_choice("field of a recipe", name, known)
        # `penalty` is a float or None.
        wanted = next(hint for hint in (*get_args(hints[name]), hints[name]) if hint in _TYPES)
        if wanted is float and type(value) is int:
            value = float(value)
        if type(value) is not wanted:
            raise ZooError(f"{name} is {value!r}; give {_TYPES[wanted]}.")
        values[name] = value
    return values


def _descriptions(kind: type) -> dict[str, str]:
    """Return what a dataclass's docstring says about each field; {} where Python leaves it out."""
    _, _, arguments = (inspect.getdoc(kind) or "").partition("\nArgs:\n")
    entries = re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", arguments, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in entries}


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(text, _WIDTH - 2)]


def _word(value: Any) -> str:
    """Return a value as TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    # Every JSON string is a TOML string, but for one control character.
    return repr(value) if not isinstance(value, str) else _quoted(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _quoted(name)

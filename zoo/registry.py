"""The one list of models: `@register` puts a builder on it, `build` calls one by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from zoo.choices import require_choice
from zoo.errors import ZooError
from zoo.recipe import Recipe

if TYPE_CHECKING:
    import keras

TASKS = ("binary", "sign", "multiclass")

_specs: dict[str, ModelSpec] = {}


@dataclass(frozen=True)
class ModelSpec:
    """What the zoo knows of a model without building it.

    Args:
        name: what `zoo.build` takes.
        builder: function of the options that returns a compiled `keras.Model`.
        task: "binary" (one output, decided at `threshold`), "sign" (labels −1 and +1, decided
            at 0) or "multiclass" (one output per class, the largest wins).
        dataset: the name of the data set it learns from unless told otherwise.
        lecture: rows of the lecture it implements.
        equation: what it computes, as the lecture writes it.
        output: what the number that comes out means.
        recipes: how it can be trained, by name; the first is the one unless told otherwise.
        threshold: the score from which the second label is chosen; None for "multiclass".
    """

    name: str
    builder: Callable[..., keras.Model] = field(repr=False)
    task: str
    dataset: str
    lecture: tuple[int, ...]
    equation: str
    output: str
    recipes: Mapping[str, Recipe]
    threshold: float | None

    @property
    def summary(self) -> str:
        """The builder's docstring's first sentence."""
        return inspect.getdoc(self.builder).split("\n\n")[0].replace("\n", " ")

    @property
    def recipe(self) -> Recipe:
        """The first recipe."""
        return next(iter(self.recipes.values()))

    @property
    def options(self) -> dict[str, Any]:
        """The builder's options with their defaults."""
        parameters = inspect.signature(self.builder).parameters.values()
        return {parameter.name: parameter.default for parameter in parameters}

    @property
    def targets(self) -> str:
        """How labels are given to the loss: "sign" (−1, +1) or "index" (0, 1, …)."""
        return "sign" if self.task == "sign" else "index"


def register(
    name: str,
    *,
    task: str,
    dataset: str,
    lecture: Sequence[int],
    equation: str,
    output: str,
    recipes: Mapping[str, Recipe],
    threshold: float | None = None,
) -> Callable:
    """Put the decorated builder on the list; the arguments are those of `ModelSpec`.

    Raises:
        ValueError: if the name is taken or the task is not one of `TASKS`.
    """

    def decorate(builder: Callable[..., keras.Model]) -> Callable[..., keras.Model]:
        if name in _specs:
            raise ValueError(f"A model named {name!r} is registered already; choose another name.")
        require_choice("task", task, TASKS)
        _specs[name] = ModelSpec(
            name=name,
            builder=builder,
            task=task,
            dataset=dataset,
            lecture=tuple(lecture),
            equation=equation,
            output=output,
            recipes=recipes,
            threshold=threshold,
        )
        return builder

    return decorate


def list_models(task: str | None = None, dataset: str | None = None) -> list[str]:
    """Return the names of all models, or of those with this task and data set.

    Raises:
        UnknownNameError: for a task or data set that no model has.

    >>> import zoo
    >>> zoo.list_models(task="multiclass")
    ['cifar_softmax', 'deep_relu']
    """
    if task is not None:
        require_choice("task", task, TASKS)
    if dataset is not None:
        require_choice("data set", dataset, sorted({spec.dataset for spec in _specs.values()}))
    return [
        name
        for name, spec in _specs.items()
        if task in (None, spec.task) and dataset in (None, spec.dataset)
    ]


def describe(name: str) -> ModelSpec:
    """Return the specification of a model.

    Raises:
        UnknownNameError: for an unknown name.

    >>> import zoo
    >>> zoo.describe("xor_mlp").dataset
    'xor'
    """
    require_choice("model", name, _specs)
    return _specs[name]


def build(name: str, *, pretrained: bool = False, **options) -> keras.Model:
    """Build a model by name and return it compiled, ready for `fit`, `evaluate` and `export`.

    Args:
        name: one of `list_models()`.
        pretrained: load the weights of the shipped bundle; options not given are then those it
            was trained with.
        **options: the builder's options; `describe(name).options` lists them.

    Raises:
        UnknownNameError: for an unknown name or option; the message names the near misses.
        ZooError: for an option of the wrong type or value, or if no weights are shipped.
    """
    spec = describe(name)
    options = check_options(spec, options)
    if not pretrained:
        return spec.builder(**options)
    from zoo.shipped import load_weights, shipped_options

    model = spec.builder(**{**shipped_options(name), **options})
    load_weights(name, model)
    return model


def check_options(spec: ModelSpec, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options with their types put right (an int where a float is asked for).

    Raises:
        UnknownNameError: for an option the builder does not have.
        ZooError: for a value of another type than the default's.
    """
    defaults = spec.options
    checked = {}
    for option, value in options.items():
        require_choice(f"option of {spec.name}", option, defaults)
        checked[option] = _check_type(spec.name, option, value, type(defaults[option]))
    return checked


def parse_option(spec: ModelSpec, text: str) -> tuple[str, Any]:
    """Turn "depth=3" into ("depth", 3), with the type of the option's default.

    Raises:
        UnknownNameError: for an option the builder does not have.
        ZooError: if there is no "=", or the value cannot be read as that type.
    """
    option, equals, value = text.partition("=")
    if not equals:
        raise ZooError(f"{text!r} is not of the form option=value, such as depth=3.")
    require_choice(f"option of {spec.name}", option, spec.options)
    wanted = type(spec.options[option])
    readers = {bool: _read_bool, int: int, float: float, str: str}
    try:
        return option, readers[wanted](value)
    except ValueError:
        raise ZooError(
            f"{spec.name} option {option!r} takes {_TYPE_NAMES[wanted]}, not {value!r}."
        ) from None


_TYPE_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "a name"}


def _check_type(model_name: str, option: str, value: Any, wanted: type) -> Any:
    if wanted is float and type(value) is int:
        return float(value)
    if type(value) is not wanted:
        raise ZooError(
            f"{model_name} option {option!r} takes {_TYPE_NAMES[wanted]}, not {value!r}."
        )
    return value


def _read_bool(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"

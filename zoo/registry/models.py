"""The registry of models: `@register` adds a builder, `zoo.build` calls one by name."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from zoo.errors import ZooError
from zoo.registry.plugins import load_plugins, registry
from zoo.registry.recipes import Recipe
from zoo.registry.tasks import Task, is_registered, require_task
from zoo.utils.choices import require_choice
from zoo.utils.html import table

if TYPE_CHECKING:
    import keras

_specs: dict[str, ModelSpec] = registry({})


@dataclass(frozen=True)
class ModelSpec:
    """The specification of a model, available without building it.

    Args:
        name: the model's name, as `zoo.build` takes it.
        builder: function that takes the options and returns a compiled `keras.Model`.
        task: what its outputs mean: `Threshold(0.5)`, `Sign()`, `Classes()` or `Values()`.
        dataset: the name of the data set it is trained on by default.
        slides: numbers of the lecture's slides that it implements.
        equation: what it computes, in the lecture's notation.
        output: what the output means; in it, `{first}` and `{second}` are replaced by labels, see
            `output_text`.
        recipes: training recipes by name; the first is the default.
        training_options: options of the builder that affect the training only, not what a trained
            model computes.
    """

    name: str
    builder: Callable[..., keras.Model] = field(repr=False)
    task: Task
    dataset: str
    slides: tuple[int, ...]
    equation: str
    output: str
    recipes: Mapping[str, Recipe]
    training_options: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """The first sentence of `description`."""
        return self.description.split("\n\n")[0].replace("\n", " ")

    @property
    def description(self) -> str:
        """The builder's docstring; the equation where Python leaves docstrings out (-OO)."""
        return inspect.getdoc(self.builder) or f"{self.name}: {self.equation}."

    @property
    def recipe(self) -> Recipe:
        """The first recipe."""
        return next(iter(self.recipes.values()))

    @property
    def options(self) -> dict[str, Any]:
        """The builder's options with their defaults."""
        parameters = inspect.signature(self.builder).parameters.values()
        return {parameter.name: parameter.default for parameter in parameters}

    def output_text(self, labels: Sequence[str] = ("the first label", "the second label")) -> str:
        """Return what the output means, with these labels in the text."""
        return self.output.format(first=labels[0], second=labels[-1])

    def _repr_html_(self) -> str:
        """Return what `zoo describe` prints as a table, which notebooks show."""
        rows = {
            "description": self.description,
            "equation": self.equation,
            "output": self.output_text(),
            "task": self.task.name,
            "data set": self.dataset,
            "slides": ", ".join(map(str, self.slides)) or "none",
            "options": " ".join(f"{name}={value}" for name, value in self.options.items()),
            **{f"recipe {name}": recipe.text() for name, recipe in self.recipes.items()},
        }
        return table(self.name, rows)

    def task_of(self, model: keras.Model) -> Task:
        """Return the task of a model that was built with some options."""
        return self.task.for_outputs(model.output_shape[-1])


def register(
    name: str,
    *,
    task: Task,
    dataset: str,
    equation: str,
    output: str,
    recipes: Mapping[str, Recipe],
    slides: Sequence[int] = (),
    training_options: Sequence[str] = (),
) -> Callable:
    """Register the decorated builder; the arguments are those of `ModelSpec`.

    Raises:
        ValueError: if the name is taken or the specification is incomplete. The builder needs a
            docstring, and each of its options a default of type bool, int, float or str.
    """

    def decorate(builder: Callable[..., keras.Model]) -> Callable[..., keras.Model]:
        spec = ModelSpec(
            name=name,
            builder=builder,
            task=task,
            dataset=dataset,
            slides=tuple(slides),
            equation=equation,
            output=output,
            recipes=recipes,
            training_options=tuple(training_options),
        )
        _check_spec(spec)
        _specs[name] = spec
        return builder

    return decorate


def _check_spec(spec: ModelSpec) -> None:
    if not isinstance(spec.name, str) or not spec.name.isidentifier():
        raise ValueError(
            f"A model is named {spec.name!r}; give it a name of letters, digits and underscores."
        )
    if spec.name in _specs:
        raise ValueError(f"A model named {spec.name!r} is registered already; choose another name.")
    if not isinstance(spec.task, Task):
        raise ValueError(
            f"The task of model {spec.name!r} is {spec.task!r}; give a task, such as "
            "Threshold(0.5), Classes() or Values()."
        )
    if not is_registered(spec.task):
        raise ValueError(
            f"The task of model {spec.name!r} is a {type(spec.task).__name__}, which is not "
            "registered; decorate the class with register_task."
        )
    for what in ("dataset", "equation", "output"):
        text = getattr(spec, what)
        if not isinstance(text, str) or not text.strip():
            raise ValueError(
                f"Model {spec.name!r} is registered without its {what}; give some text."
            )
    if not all(type(slide) is int for slide in spec.slides):
        raise ValueError(f"The slides of model {spec.name!r} are not whole numbers.")
    try:
        spec.output_text()
    except (KeyError, ValueError, IndexError) as error:
        raise ValueError(
            f"The output text of model {spec.name!r} has braces other than {{first}} and "
            "{second}; write other braces twice."
        ) from error
    if sys.flags.optimize < 2 and not (inspect.getdoc(spec.builder) or "").strip():
        raise ValueError(
            f"The builder of model {spec.name!r} has no docstring; describe in one what it builds."
        )
    _check_builder_options(spec)
    _check_recipes(spec)


def _check_builder_options(spec: ModelSpec) -> None:
    for parameter in inspect.signature(spec.builder).parameters.values():
        named = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        if not named or type(parameter.default) not in _TYPE_NAMES:
            raise ValueError(
                f"Option {parameter.name!r} of model {spec.name!r} needs a default that is true or "
                "false, a whole number, a number or text: its type is the option's type."
            )
    for option in spec.training_options:
        if option not in spec.options:
            raise ValueError(
                f"Model {spec.name!r} has no option {option!r}; choose one of its options."
            )


def _check_recipes(spec: ModelSpec) -> None:
    if not isinstance(spec.recipes, Mapping) or not spec.recipes:
        raise ValueError(f"Model {spec.name!r} is registered without a recipe; give at least one.")
    for name, recipe in spec.recipes.items():
        if not isinstance(name, str) or not isinstance(recipe, Recipe):
            raise ValueError(f"Recipe {name!r} of model {spec.name!r} is not a Recipe.")
        try:
            check_options(spec, recipe.options)
        except ZooError as error:
            raise ValueError(f"Recipe {name!r} of model {spec.name!r}: {error}") from error


def list_models(task: str | None = None, dataset: str | None = None) -> list[str]:
    """Return the names of the models, including plugins', that have this task and data set.

    Raises:
        UnknownNameError: for an unknown task, or a data set that no model has.

    >>> import zoo
    >>> zoo.list_models(task="classes")
    ['cifar_softmax', 'deep_relu', 'joint_classifier']
    """
    load_plugins()
    if task is not None:
        require_task(task)
    if dataset is not None:
        require_choice("data set", dataset, sorted({spec.dataset for spec in _specs.values()}))
    return [
        name
        for name, spec in _specs.items()
        if task in (None, spec.task.name) and dataset in (None, spec.dataset)
    ]


def describe(name: str) -> ModelSpec:
    """Return the specification of a model.

    Raises:
        UnknownNameError: for an unknown name.

    >>> import zoo
    >>> zoo.describe("xor_mlp").dataset
    'xor'
    """
    if name not in _specs:
        load_plugins()
    require_choice("model", name, _specs)
    return _specs[name]


def check_options(spec: ModelSpec, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options after checking their types; an int is converted where a float is expected.

    Raises:
        UnknownNameError: for an option the builder does not have.
        ZooError: for a value whose type is not that of the default.
    """
    defaults = spec.options
    checked = {}
    for option, value in options.items():
        require_choice("option", option, defaults, of=spec.name)
        checked[option] = _check_type(spec.name, option, value, type(defaults[option]))
    return checked


def parse_option(spec: ModelSpec, text: str) -> tuple[str, Any]:
    """Parse "depth=3" as ("depth", 3), with the type of the option's default.

    Raises:
        UnknownNameError: for an option the builder does not have.
        ZooError: if there is no "=", or the value cannot be read as that type.
    """
    option, equals, value = text.partition("=")
    if not equals:
        raise ZooError(f"{text!r} is not of the form option=value, such as depth=3.")
    require_choice("option", option, spec.options, of=spec.name)
    wanted = type(spec.options[option])
    readers: dict[type, Callable[[str], Any]] = {bool: _read_bool, int: int, float: float, str: str}
    try:
        return option, readers[wanted](value)
    except ValueError:
        raise ZooError(
            f"{spec.name} option {option!r} takes {_TYPE_NAMES[wanted]}, not {value!r}."
        ) from None


_TYPE_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


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

"""The settings of a training, declared once.

They are the keyword arguments of `zoo.train` and the options of `zoo train`, and are passed to
workers and written to config.json as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import Field, asdict, dataclass, field, fields, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from zoo.errors import ZooError
from zoo.registry.ranges import require_finite
from zoo.registry.recipes import CLASS_WEIGHTS, OPTIMIZERS, Recipe
from zoo.utils.choices import require_choice, require_seed

if TYPE_CHECKING:
    from zoo.data import Dataset
    from zoo.registry import ModelSpec

STRATEGIES = ("auto", "cpu", "gpu", "mirrored", "multi_worker", "tpu")
PRECISIONS = ("auto", "float32", "mixed_bfloat16", "mixed_float16")
JIT = ("auto", "on", "off")
SOURCES = ("auto", "memory", "stream")
# The name of a model's recipe for rows of numbers that it was not made for.
TABLE = "table"
START_TIMEOUT = 120.0


def _setting(
    default: Any,
    text: str,
    *,
    choices: Sequence[str] = (),
    words: Sequence[str] = (),
    metavar: str | None = None,
    kind: Any = None,
) -> Any:
    """Declare a setting.

    Args:
        default: default value; None to use the recipe's.
        text: help text, one or two sentences.
        choices: allowed values; () for any.
        words: option names on the command line; by default --NAME.
        metavar: placeholder for the value in the help.
        kind: type on the command line, if it differs.
    """
    metadata = {"help": text, "choices": choices, "words": words, "metavar": metavar, "kind": kind}
    if default is dict:
        return field(default_factory=dict, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Training:
    """The settings of a training; each field's metadata contains its help text."""

    name: str = field(metadata={"help": "A registered model."})
    recipe: str | Path | Recipe | None = _setting(  # noqa: RUF009  it is a field
        None,
        "A recipe of the model, see `zoo describe`, or a TOML file, which `zoo describe MODEL "
        "--toml` writes; by default the model's first.",
        kind=str | None,
    )
    options: Mapping[str, Any] = _setting(
        dict,
        "An option of the model; can be repeated.",
        words=("--set",),
        metavar="OPTION=VALUE",
        kind=list[str],
    )
    dataset: str | Dataset | None = _setting(  # noqa: RUF009  it is a field
        None, "A data set, see `zoo data list`; by default the model's own."
    )
    target: str | None = _setting(None, "The column of a table to predict.", metavar="COLUMN")
    data_dir: str | None = _setting(
        None, "Folder of the data set; by default TFDS_DATA_DIR.", metavar="FOLDER"
    )
    start_from: str | Path | None = _setting(  # noqa: RUF009  it is a field
        None,
        "Start from the trained weights of a run, a bundle's folder or a shipped model; its "
        "options are taken over. For other classes the last layer starts anew.",
        words=("--from",),
        metavar="RUN|BUNDLE",
        kind=str | None,
    )
    epochs: int | None = _setting(None, "Passes over the training examples.")
    time_budget: str | None = _setting(
        None,
        "The time that the whole training may take, such as '20 minutes', instead of a number of "
        "epochs, which is chosen after the first seconds.",
        metavar="TIME",
    )
    batch_size: int | None = _setting(
        None, "Examples per update of the weights, over all replicas together."
    )
    learning_rate: float | None = _setting(None, "Step size at the start.")
    optimizer: str | None = _setting(
        None,
        "The optimizer; fields of the recipe that it does not use are left out.",
        choices=OPTIMIZERS,
    )
    class_weight: str | None = _setting(
        None,
        "How much the loss of an example counts in training: balanced for the inverse of its "
        "class's frequency.",
        choices=CLASS_WEIGHTS,
    )
    patience: int | None = _setting(
        None,
        "Stop after this many epochs without improvement on validation data, and keep the weights "
        "of the best epoch; 0 to train all epochs.",
    )
    seed: int = _setting(0, "Seed of all random numbers.")
    run_dir: str | Path | None = _setting(  # noqa: RUF009  it is a field
        None,
        "Run folder; by default runs/NAME-DATE-TIME. Giving it again resumes the training.",
        metavar="FOLDER",
        kind=Path | None,
    )
    strategy: str = _setting("auto", "Distribution strategy.", choices=STRATEGIES)
    devices: int | None = _setting(
        None, "Number of replicas for --strategy mirrored: GPUs, or logical CPUs without a GPU."
    )
    tpu: str | None = _setting(None, "Name of the TPU, or local on a TPU VM.")
    start_timeout: float = _setting(START_TIMEOUT, "Seconds to wait for the other workers.")
    precision: str | None = _setting(None, "Number format of the training.", choices=PRECISIONS)
    jit: str = _setting("auto", "Whether to compile steps with XLA.", choices=JIT)
    checkpoint_every: str = _setting(
        "epoch", "When to write checkpoints: every epoch, '500 steps' or '60 seconds'."
    )
    source: str = _setting(
        "auto", "Whether to keep examples in memory or stream them from disk.", choices=SOURCES
    )
    solver: str | None = _setting(
        None,
        "gradient; for linear models exact (squared error) or lbfgs (softmax); for small models of "
        "values bfgs, a quasi-Newton method after gradient; construction for a function of one "
        "number.",
    )
    iterations: int | None = _setting(
        None, "Steps of the solver bfgs, after the epochs of gradient descent."
    )
    penalty: float | None = _setting(
        None, "λ of the solvers exact and lbfgs; by default chosen on validation data."
    )
    profile: bool = _setting(
        False, "Write a TensorFlow profile of a few steps to the logs.", words=("--profile",)
    )

    def dataset_name(self, spec: ModelSpec) -> str:
        """Return the name of the data set."""
        if self.dataset is None:
            return spec.dataset
        return self.dataset if isinstance(self.dataset, str) else self.dataset.name

    def recipe_name(self, spec: ModelSpec) -> str:
        """Return the name of the recipe, "custom" if it is not one of the model's."""
        if self.recipe is None:
            return next(iter(spec.recipes))
        return self.recipe if isinstance(self.recipe, str) else "custom"

    def with_recipe_read(self) -> Training:
        """Return these settings with the recipe itself in place of its TOML file, if it is one.

        Raises:
            ZooError: if it cannot be read, or has options that the model does not have.
        """
        from zoo.registry import check_options, describe
        from zoo.registry.recipe_files import SUFFIX

        if not isinstance(self.recipe, (str, Path)) or Path(self.recipe).suffix != SUFFIX:
            return self
        recipe = Recipe.from_toml(self.recipe)
        try:
            options = check_options(describe(self.name), recipe.options)
        except ZooError as error:
            sentence = f"The recipe {self.recipe} cannot be used: {error}"
            raise type(error)(sentence) from error
        return replace(self, recipe=replace(recipe, options=options))

    def choose_recipe(self, spec: ModelSpec) -> Recipe:
        """Return the model's recipe, overridden by the settings of this training.

        Raises:
            UnknownNameError: for an unknown recipe, option or solver.
            ZooError: for a number out of range, or a setting that the solver does not use.
        """
        from zoo.registry import check_options

        recipe = self.named_recipe(spec)
        options = {**check_options(spec, recipe.options), **check_options(spec, self.options)}
        # The perceptron's builder has an option learning_rate, which means the same.
        learning_rate = self.learning_rate
        if learning_rate is None:
            learning_rate = options.get("learning_rate")
        solver = self.solver or recipe.solver
        self._check_read(solver)
        changes: dict[str, Any] = {
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "learning_rate": learning_rate,
            "patience": self.patience,
            "class_weight": self.class_weight,
            "precision": self.precision,
            "penalty": self.penalty,
            "iterations": self.iterations,
        }
        given = {key: value for key, value in changes.items() if value is not None}
        chosen = recipe.by_solver(solver)
        if self.optimizer is not None:
            chosen = chosen.by_optimizer(self.optimizer)
        chosen = replace(chosen, options=options, **given)
        chosen.check()
        # The note explains the recipe's own numbers.
        return chosen if chosen == recipe else replace(chosen, note="")

    def left_out(self, spec: ModelSpec, chosen: Recipe) -> str:
        """Return a sentence on what the optimizer does not use of the recipe; "" if nothing."""
        if self.optimizer is None:
            return ""
        named = self.named_recipe(spec).by_solver(chosen.solver)
        other = named.by_optimizer(self.optimizer)
        left_out = [
            f"{of.name} {getattr(named, of.name)}"
            for of in fields(Recipe)
            if of.name != "optimizer" and getattr(named, of.name) != getattr(other, of.name)
        ]
        if not left_out:
            return ""
        return f"Left out of the recipe, since {self.optimizer} does not use it: {left_out[0]}."

    def named_recipe(self, spec: ModelSpec) -> Recipe:
        """Return the recipe without the other settings.

        Raises:
            UnknownNameError: for an unknown name.
        """
        if isinstance(self.recipe, Recipe):
            return self.recipe
        name = self.recipe_name(spec)
        require_choice("recipe", name, spec.recipes, of=spec.name)
        return spec.recipes[name]

    def _check_read(self, solver: str) -> None:
        """Raise an error for the first setting that is given but not used by the solver."""
        from zoo.registry.solvers import readers_of, solver_entry

        solver_entry(solver)
        for of in fields(self):
            readers = readers_of(of.name)
            if readers and solver not in readers and getattr(self, of.name) != of.default:
                raise ZooError(
                    f"{_word(of)} is only for --solver {' or '.join(readers)}, not for {solver}."
                )

    def check(self) -> None:
        """Check the settings that depend neither on the model nor on data.

        Raises:
            ZooError: for the first invalid setting.
        """
        from zoo.training.checkpoints import CheckpointSchedule
        from zoo.training.time_budget import TimeBudget

        require_finite({"start timeout": self.start_timeout})
        for of in fields(self):
            value, choices = getattr(self, of.name), of.metadata.get("choices")
            if choices and value is not None:
                require_choice(of.name, value, choices)
        CheckpointSchedule.parse(self.checkpoint_every)
        if self.time_budget is not None:
            TimeBudget.parse(self.time_budget)
            if self.epochs is not None:
                raise ZooError(
                    f"--time-budget chooses the number of epochs, and --epochs {self.epochs} was "
                    "given too; leave one of them out."
                )
        require_seed(self.seed)
        self._check_dataset()

    def _check_dataset(self) -> None:
        from zoo.data import Dataset

        if self.dataset is None or isinstance(self.dataset, str):
            return
        if not isinstance(self.dataset, Dataset):
            raise ZooError(
                f"The data set is a {type(self.dataset).__name__}; give a name, or a Dataset, as "
                "zoo.data.from_arrays(x, y) returns."
            )
        for name in ("data_dir", "target"):
            if getattr(self, name) is not None:
                raise ZooError(
                    f"{name} was given with the data set {self.dataset.name}, which is loaded "
                    "already; leave it out, or give the data set's name."
                )

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as a dict for JSON; `from_dict` is the inverse.

        Of a data set that was loaded already, the name.
        """
        settings = {of.name: getattr(self, of.name) for of in fields(self)}
        settings["options"] = dict(self.options)
        if isinstance(self.recipe, Recipe):
            settings["recipe"] = asdict(self.recipe)
        if self.dataset is not None and not isinstance(self.dataset, str):
            settings["dataset"] = self.dataset.name
        return {
            key: str(value) if isinstance(value, PurePath) else value
            for key, value in settings.items()
        }

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> Training:
        """Return the training that `as_dict` describes.

        >>> Training.from_dict(Training("xor_mlp", epochs=3).as_dict()).epochs
        3
        """
        recipe = settings.get("recipe")
        if isinstance(recipe, Mapping):
            recipe = Recipe.from_dict(recipe)
        return cls(**{**settings, "recipe": recipe})

    def to_json(self) -> str:
        """Return the settings as one line of JSON, for another process.

        Raises:
            ZooError: for a data set that was loaded already.
        """
        if self.dataset is not None and not isinstance(self.dataset, str):
            raise ZooError(
                f"The data set {self.dataset.name} was given in Python, so that other processes "
                "cannot load it; save it with np.savez and give npz:FILE."
            )
        return json.dumps(self.as_dict())

    @classmethod
    def from_json(cls, text: str) -> Training:
        """Return the training that `to_json` describes.

        Raises:
            ZooError: if the text is not valid.
        """
        try:
            return cls.from_dict(json.loads(text))
        except (ValueError, TypeError, AttributeError) as error:
            raise ZooError(
                f"These are not the settings of a training ({error}); `Training.to_json` writes "
                "them."
            ) from error


def _word(of: Field) -> str:
    return (*of.metadata["words"], "--" + of.name.replace("_", "-"))[0]

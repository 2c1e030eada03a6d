"""Recipes: the hyperparameters of a training, and their description as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.errors import ZooError
from zoo.registry.augmentation import Augmentation
from zoo.registry.ranges import require_finite, title
from zoo.registry.solvers import readers_of, solver_entry
from zoo.utils.choices import require_choice

if TYPE_CHECKING:
    import keras


OPTIMIZERS = ("sgd", "adam", "adamw", "rmsprop", "lion")
SCHEDULES = ("constant", "cosine")
CLASS_WEIGHTS = ("none", "balanced")
UPDATES = ("ssbroyden", "ssbfgs", "bfgs")
# The fields that only some optimizers use.
_OPTIMIZERS_OF = {"momentum": ("sgd", "rmsprop"), "weight_decay": ("adamw", "lion")}


@dataclass(frozen=True)
class Recipe:
    """The hyperparameters with which a model is trained by default.

    Args:
        epochs: passes over the training examples.
        batch_size: examples per update, over all replicas together.
        learning_rate: step size at the start of training, or after the warm-up.
        optimizer: "sgd", "adam", "adamw", "rmsprop" or "lion".
        momentum: of "sgd" and "rmsprop", 0 for none.
        weight_decay: decoupled decay per step, in units of the learning rate; for "adamw" and
            "lion".
        schedule: "constant" or "cosine", which falls to 0 over all steps.
        warmup: fraction of all steps in which the learning rate of "cosine" rises from 0.
        label_smoothing: fraction of each target that is spread evenly over all labels.
        class_weight: "balanced" multiplies the loss of each training example by n / (k · count),
            for n examples, k classes and the count of its class; "none" by 1.
        averaging: decay per step of an exponential moving average of the weights, which replaces
            the weights at the end; 0 to keep the last weights.
        patience: epochs without improvement on validation data after which training stops; the
            weights of the best epoch are kept, by the task's primary metric, then by the loss. 0 to
            train all epochs and keep the last weights.
        augmentation: of training photos, if any.
        whitening: train the first layer on principal components scaled by 1/√(variance + this),
            and fold the scaling into its weights afterwards; 0 to train it on the features.
        components: largest number of principal components for "whitening"; 0 for all.
        solver: name of the solver: "gradient" for the optimizer above, "exact" or "lbfgs" for the
            minimum of a linear model's loss, "bfgs" for the optimizer above and then a quasi-Newton
            method in float64, "construction" for a function of one number; see
            `zoo.registry.solvers`.
        iterations: steps of the quasi-Newton method of "bfgs".
        sample: training examples that "bfgs" uses at a time, drawn anew, more of those with a large
            error; 0 for all.
        update: of the inverse Hessian by "bfgs": "ssbroyden", "ssbfgs" (self-scaled) or "bfgs".
        penalty: λ of "exact" and "lbfgs"; chosen on validation data if it is not given.
        precision: number format of the training.
        options: options of the builder that differ from its defaults.
        note: one sentence on the reason for these numbers.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    optimizer: str = "sgd"
    momentum: float = 0.0
    weight_decay: float = 0.0
    schedule: str = "constant"
    warmup: float = 0.0
    label_smoothing: float = 0.0
    class_weight: str = "none"
    averaging: float = 0.0
    patience: int = 0
    augmentation: Augmentation | None = None
    whitening: float = 0.0
    components: int = 0
    solver: str = "gradient"
    iterations: int = 1000
    sample: int = 0
    update: str = "ssbroyden"
    penalty: float | None = None
    precision: str = "float32"
    options: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Recipe:
        """Return the recipe from the dictionary that `dataclasses.asdict` returned."""
        augmentation = values.get("augmentation")
        augmented = None if augmentation is None else Augmentation(**augmentation)
        return cls(**{**values, "augmentation": augmented})

    @classmethod
    def from_toml(cls, path: str | Path) -> Recipe:
        """Return the recipe of a TOML file, as `to_toml` writes it.

        Raises:
            ZooError: if it cannot be read, is not TOML, or has an unknown or missing key or a value
                of the wrong type or range; the message names the file.
        """
        from zoo.registry.recipe_files import read_recipe

        return read_recipe(Path(path))

    def to_toml(self) -> str:
        """Return the recipe as TOML; fields at their default are commented out.

        >>> print(Recipe(epochs=3, batch_size=8, learning_rate=0.1).to_toml().splitlines()[1])
        epochs = 3
        """
        from zoo.registry.recipe_files import recipe_text

        return recipe_text(self)

    @staticmethod
    def with_defaults(values: Mapping[str, Any]) -> dict[str, Any]:
        """Return a recorded recipe with the defaults of fields that its version did not have."""
        completed: dict[str, Any] = {of.name: of.default for of in _optional()} | dict(values)
        if completed["augmentation"] is not None:
            defaults = {of.name: of.default for of in fields(Augmentation)}
            completed["augmentation"] = defaults | dict(completed["augmentation"])
        return completed

    def text(self) -> str:
        """Return a description on one line."""
        reads = solver_entry(self.solver).reads
        if "epochs" not in reads and "penalty" not in reads:
            return f"Solver {self.solver}. {self.note}".rstrip()
        if "epochs" not in reads:
            chosen = "chosen on validation data" if self.penalty is None else f"= {self.penalty:g}"
            return f"Solver {self.solver}, λ {chosen}. {self.note}".rstrip()
        parts = [
            f"{self.epochs} epoch{'s' * (self.epochs != 1)} of batches of {self.batch_size}",
            f"{self.optimizer}, learning rate {self.learning_rate:g} ({self.schedule})",
            f"warm-up over {100 * self.warmup:g} % of the steps" if self.warmup else "",
            f"weight decay {self.weight_decay:g}" if self.weight_decay else "",
            f"label smoothing {self.label_smoothing:g}" if self.label_smoothing else "",
            f"{self.class_weight} class weights" if self.class_weight != "none" else "",
            f"weights averaged with decay {self.averaging:g}" if self.averaging else "",
            f"stopped after {self.patience} epoch{'s' * (self.patience != 1)} without improvement"
            if self.patience
            else "",
            self.augmentation.text() if self.augmentation else "",
            f"first layer trained on {self.components or 'all'} principal components whitened "
            f"by 1/√(variance + {self.whitening:g})"
            if self.whitening
            else "",
            self.precision if self.precision != "float32" else "",
            self._quasi_newton_text() if "iterations" in solver_entry(self.solver).reads else "",
            " ".join(f"{name}={value}" for name, value in self.options.items()),
        ]
        return f"{', '.join(part for part in parts if part)}. {self.note}".rstrip()

    def _quasi_newton_text(self) -> str:
        examples = f"{self.sample} examples, drawn anew," if self.sample else "all examples"
        return f"then {self.iterations} steps of bfgs ({self.update}) on {examples} in float64"

    def by_solver(self, solver: str) -> Recipe:
        """Return the recipe for another solver, with default values for fields it does not use.

        >>> recipe = Recipe(epochs=1, batch_size=8, learning_rate=0.1, momentum=0.9)
        >>> recipe.by_solver("exact").momentum
        0.0
        """
        if solver == self.solver:
            return self
        unused: dict[str, Any] = {
            of.name: of.default for of in _optional() if not _is_read(of.name, solver)
        }
        return replace(self, **unused, solver=solver)

    def by_optimizer(self, optimizer: str) -> Recipe:
        """Return the recipe for another optimizer, with defaults for fields it does not use.

        Raises:
            UnknownNameError: for an unknown optimizer.

        >>> recipe = Recipe(epochs=1, batch_size=8, learning_rate=0.1, momentum=0.9)
        >>> recipe.by_optimizer("rmsprop").momentum, recipe.by_optimizer("adam").momentum
        (0.9, 0.0)
        """
        require_choice("optimizer", optimizer, OPTIMIZERS)
        unused: dict[str, Any] = {
            of.name: of.default
            for of in _optional()
            if optimizer not in _OPTIMIZERS_OF.get(of.name, OPTIMIZERS)
        }
        return replace(self, **{**unused, "optimizer": optimizer})

    def check(self) -> None:
        """Check that every number is in its range and is used by this recipe.

        Raises:
            ZooError: for the first number that is not.
        """
        require_choice("optimizer", self.optimizer, OPTIMIZERS)
        require_choice("schedule", self.schedule, SCHEDULES)
        require_choice("class weight", self.class_weight, CLASS_WEIGHTS)
        require_choice("update", self.update, UPDATES)
        solver_entry(self.solver)
        given = asdict(self)
        require_finite({**given, **self.options})
        for name in ("epochs", "batch_size", "iterations"):
            if not (type(given[name]) is int and given[name] >= 1):
                raise ZooError(f"{title(name)} is {given[name]}; give a whole number from 1 up.")
        if not self.learning_rate > 0:
            raise ZooError(f"The learning rate is {self.learning_rate}; give one above 0.")
        for name in ("momentum", "warmup", "label_smoothing"):
            if not 0 <= given[name] < 1:
                raise ZooError(f"{title(name)} is {given[name]}; give 0 or more, below 1.")
        if not 0 <= self.averaging <= 1:
            raise ZooError(f"The averaging is {self.averaging}; give a decay from 0 to 1.")
        amounts = {
            name: given[name]
            for name in ("weight_decay", "whitening", "components", "penalty", "patience", "sample")
        }
        for name, value in amounts.items():
            if (value or 0) < 0:
                raise ZooError(f"{title(name)} is {value}; give a number from 0 up.")
        if self.augmentation:
            self.augmentation.check()
        self._check_unread()

    def _check_unread(self) -> None:
        """Raise an error for the first number that is given but would have no effect."""
        for of in _optional():
            if not _is_read(of.name, self.solver) and getattr(self, of.name) != of.default:
                raise ZooError(
                    f"{title(of.name)} is {getattr(self, of.name)}, but it is only for --solver "
                    f"{' or '.join(readers_of(of.name))}, not {self.solver}; leave it out."
                )
        unused = [
            *(
                (name, f"optimizer {' or '.join(optimizers)}")
                for name, optimizers in _OPTIMIZERS_OF.items()
                if self.optimizer not in optimizers
            ),
            *([] if self.schedule == "cosine" else [("warmup", "schedule cosine")]),
            *([] if self.whitening else [("components", "whitening above 0")]),
        ]
        for name, reader in unused:
            if value := getattr(self, name):
                raise ZooError(
                    f"{title(name)} is {value}, but it is only for {reader}; leave it out."
                )

    def build_optimizer(self, total_steps: int | None = None) -> keras.Optimizer:
        """Return a new Keras optimizer; `total_steps` is the length of the learning rate schedule.

        Raises:
            UnknownNameError: for an unknown optimizer or schedule.
        """
        import keras

        require_choice("optimizer", self.optimizer, OPTIMIZERS)
        require_choice("schedule", self.schedule, SCHEDULES)
        learning_rate: Any = self.learning_rate
        if self.schedule == "cosine" and total_steps:
            warmup_steps = round(self.warmup * total_steps)
            learning_rate = keras.optimizers.schedules.CosineDecay(
                0.0 if warmup_steps else self.learning_rate,
                total_steps - warmup_steps,
                warmup_target=self.learning_rate if warmup_steps else None,
                warmup_steps=warmup_steps,
            )
        averaging = {"use_ema": True, "ema_momentum": self.averaging} if self.averaging else {}
        kinds = {
            "sgd": keras.optimizers.SGD,
            "adam": keras.optimizers.Adam,
            "adamw": keras.optimizers.AdamW,
            "rmsprop": keras.optimizers.RMSprop,
            "lion": keras.optimizers.Lion,
        }
        used = {
            name: getattr(self, name)
            for name, optimizers in _OPTIMIZERS_OF.items()
            if self.optimizer in optimizers
        }
        return kinds[self.optimizer](learning_rate, **used, **averaging)


def _optional() -> list[Field]:
    """Return the fields of a recipe that have a default."""
    return [of for of in fields(Recipe) if of.default is not MISSING]


def _is_read(name: str, solver: str) -> bool:
    return not readers_of(name) or solver in readers_of(name)

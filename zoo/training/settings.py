"""What to train and how, before anything is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from zoo.errors import ZooError
from zoo.registry import ModelSpec, check_options
from zoo.registry.recipes import Recipe, require_finite
from zoo.registry.solvers import readers_of, solver_entry
from zoo.training import precision
from zoo.training.checkpoints import CheckpointSchedule
from zoo.training.cluster import START_TIMEOUT
from zoo.training.examples import SOURCES
from zoo.utils.choices import require_choice, require_seed


@dataclass(frozen=True)
class Training:
    """What to train and how; None means what the model's recipe says.

    Args:
        name: a registered model.
        recipe: the name of one of its recipes, or a recipe; its first by default.
        options: of its builder, over those of the recipe.
        dataset: a name that `zoo.data.load` takes.
        data_dir: where that data set lies.
        epochs: passes over the training examples, at least 1.
        batch_size: examples per update over all replicas together.
        learning_rate: at the start, above 0.
        seed: of the initial weights and of everything random after.
        run_dir: the run folder; by default a new one, runs/NAME-DATE-TIME.
        strategy: one of `zoo.training.strategies.NAMES`.
        devices: for "mirrored".
        tpu: for "tpu", its name, or "local".
        start_timeout: seconds to wait for the other workers of "multi_worker".
        precision: one of `zoo.training.precision.PRECISIONS`.
        jit: one of `zoo.training.precision.JIT`.
        checkpoint_every: "epoch", "500 steps" or "60 seconds".
        source: where examples wait for their step, one of `zoo.training.examples.SOURCES`.
        solver: "gradient" for the recipe's optimizer, or the optimum itself: "exact" of a linear
            model with squared error, "lbfgs" of a linear softmax classifier.
        penalty: λ of "exact" and "lbfgs"; by default the one that is best on validation data.
        profile: whether to write a TensorFlow profile of a few steps into the logs.
    """

    name: str
    recipe: str | Recipe | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    dataset: str | None = None
    data_dir: str | None = None
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    seed: int = 0
    run_dir: str | Path | None = None
    strategy: str = "auto"
    devices: int | None = None
    tpu: str | None = None
    start_timeout: float = START_TIMEOUT
    precision: str | None = None
    jit: str = "auto"
    checkpoint_every: str = "epoch"
    source: str = "auto"
    solver: str | None = None
    penalty: float | None = None
    profile: bool = False

    def recipe_name(self, spec: ModelSpec) -> str:
        """Return what the recipe is called: "custom" if it has no name."""
        if isinstance(self.recipe, Recipe):
            return "custom"
        return self.recipe or next(iter(spec.recipes))

    def choose_recipe(self, spec: ModelSpec) -> Recipe:
        """Return the model's recipe with what this training says in its place.

        Raises:
            UnknownNameError: for a recipe, an option or a solver that does not exist.
            ZooError: for a number out of range.
        """
        recipe = self.recipe
        if not isinstance(recipe, Recipe):
            name = self.recipe_name(spec)
            require_choice(f"recipe of {spec.name}", name, spec.recipes)
            recipe = spec.recipes[name]
        options = {**recipe.options, **check_options(spec, self.options)}
        # A builder with a learning_rate of its own (the perceptron) means the same one.
        learning_rate = self.learning_rate
        if learning_rate is None:
            learning_rate = options.get("learning_rate")
        solver = self.solver or recipe.solver
        solver_entry(solver)
        self._check_read(solver)
        changes = {
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "learning_rate": learning_rate,
            "precision": self.precision,
            "penalty": self.penalty,
        }
        given = {key: value for key, value in changes.items() if value is not None}
        chosen = replace(recipe.by_solver(solver), options=options, **given)
        chosen.check()
        # A note says why a recipe's numbers are what they are.
        return chosen if chosen == recipe else replace(chosen, note="")

    def _check_read(self, solver: str) -> None:
        """Raise one sentence for the first setting that is given and that a solver ignores."""
        for of in fields(self):
            readers = readers_of(of.name)
            if readers and solver not in readers and getattr(self, of.name) != of.default:
                word = "--" + of.name.replace("_", "-")
                raise ZooError(
                    f"{word} goes with --solver {' or '.join(readers)}, not with {solver}."
                )

    def check(self) -> None:
        """Check what needs neither the model nor data.

        Raises:
            ZooError: naming the first setting that cannot be.
        """
        require_finite({"start timeout": self.start_timeout})
        require_choice("jit", self.jit, precision.JIT)
        require_choice("source of examples", self.source, SOURCES)
        CheckpointSchedule.parse(self.checkpoint_every)
        require_seed(self.seed)

"""Solvers, which find a model's weights: gradient descent, and direct solvers of linear models.

`zoo.registry.solvers` is their registry.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    import keras

    from zoo.data import Dataset
    from zoo.registry.recipes import Recipe
    from zoo.training.context import TrainingContext


@dataclass(frozen=True)
class Outcome:
    """The outcome of a solver.

    Args:
        epochs: number of epochs.
        steps: number of weight updates.
        history: the row of history.csv that belongs to the weights, losses and metrics by name:
            the last one, or that of the best epoch.
        best_epoch: the epoch whose weights were kept; None for the last one's.
        stopped: "patience" if training stopped before all epochs, "epochs" if not; None if it
            could not.
    """

    epochs: int
    steps: int
    history: dict[str, float]
    best_epoch: int | None = None
    stopped: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the outcome's part of results.json."""
        return {name: value for name, value in asdict(self).items() if value is not None}


class Solver(Protocol):
    """A method of finding a model's weights. Solvers are stateless."""

    remedy: ClassVar[str]
    """What to try if a loss or weight is not finite, for the error message."""

    def check(
        self,
        model: keras.Model,
        recipe: Recipe,
        dataset: Dataset | None = None,
        replicas: int = 1,
    ) -> None:
        """Check that this solver can train the model with the recipe.

        Called twice: before the data is loaded, which may take minutes, and afterwards.

        Args:
            model: the model, compiled; its weights are not used.
            recipe: the recipe, with this solver.
            dataset: the data set to train on; None before it is loaded.
            replicas: number of replicas that share a batch.

        Raises:
            ZooError: if it cannot; the message says what to change.
        """

    def fit(self, context: TrainingContext) -> Outcome:
        """Train `context.model` and write the history to the run folder.

        Raises:
            Preempted: within seconds of a request to stop, with all files intact.
            NonFiniteLossError: if a loss, metric or weight is not finite.
            ZooError: if a file cannot be written.
        """

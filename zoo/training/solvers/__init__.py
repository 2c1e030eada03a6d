"""How weights are found: gradient descent, and direct solvers of linear models.

`zoo.registry.solvers` is the list of them; each lies in a file of its own here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    import keras

    from zoo.data import Dataset
    from zoo.registry.recipes import Recipe
    from zoo.training.context import TrainingContext


@dataclass(frozen=True)
class Outcome:
    """What a solver has done.

    Args:
        epochs: passes over the training examples that count as epochs.
        steps: updates of the weights.
        history: the last row of history.csv: figures by name.
    """

    epochs: int
    steps: int
    history: dict[str, float]


class Solver(Protocol):
    """One way to find the weights of a model. It has no state of its own."""

    remedy: ClassVar[str]
    """What to try where a figure or a weight is not finite, for the end of a sentence."""

    def check(
        self,
        model: keras.Model,
        recipe: Recipe,
        dataset: Dataset | None = None,
        replicas: int = 1,
    ) -> None:
        """Raise one sentence unless this solver can honour all that the recipe says.

        It is called twice: before data is loaded, which may take minutes, and with the data.

        Args:
            model: compiled; its weights are not looked at.
            recipe: with this solver.
            dataset: to train on; None before it is loaded.
            replicas: which share every batch.

        Raises:
            ZooError: naming what to change.
        """

    def fit(self, context: TrainingContext) -> Outcome:
        """Leave the weights in `context.model`, and the history in the run folder.

        Raises:
            Preempted: when asked to stop, within seconds; nothing is half-written.
            NonFiniteLossError: if a figure is not finite.
            ZooError: if the disk refuses.
        """

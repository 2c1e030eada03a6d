"""Solutions for several λ, of which the best on validation data is chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np

from zoo.errors import ZooError
from zoo.registry.recipes import Recipe
from zoo.training import checkpoints
from zoo.training.checkpoints import Position
from zoo.training.context import TrainingContext
from zoo.training.finite import require_finite_figures
from zoo.training.solvers import Outcome

REMEDY = "try another --penalty"


@dataclass(frozen=True)
class Solution:
    """The weights of a linear model for one λ.

    Args:
        penalty: λ.
        weights: float64 (features, outputs).
        bias: float64 (outputs,).
        figures: training loss and other figures by name.
    """

    penalty: float
    weights: np.ndarray
    bias: np.ndarray
    figures: Mapping[str, float]


def penalties_of(recipe: Recipe, default: Sequence[float]) -> tuple[float, ...]:
    """Return the values of λ to try: the recipe's, or the solver's default ones."""
    return tuple(default) if recipe.penalty is None else (recipe.penalty,)


class PenaltyPath:
    """The solutions so far, each evaluated on validation data.

    Args:
        context: the training's context; the head of its model begins with the dense layer to solve.
    """

    def __init__(self, context: TrainingContext):
        self.solutions: list[Solution] = []
        self._rows: list[dict[str, float]] = []
        self._context = context
        self._validation = context.evaluation("validation")
        self._saved = False

    def add(self, solution: Solution) -> None:
        """Evaluate a solution and report it.

        Raises:
            NonFiniteLossError: if a loss or metric is not finite.
        """
        _assign(self._context.model, solution)
        found = {f"val_{name}": value for name, value in self._validation.run().items()}
        row = {"penalty": solution.penalty, **solution.figures, **found}
        require_finite_figures(row, f"for λ {solution.penalty:g}", REMEDY)
        self.solutions.append(solution)
        self._rows.append(row)
        figures = "  ".join(f"{name} {value:.4g}" for name, value in list(row.items())[1:])
        self._context.reporter.say(f"λ {solution.penalty:12.4g}  {figures}")

    def outcome(self) -> Outcome:
        """Assign the best solution to the model; write all to history.csv, the best one last."""
        best = min(range(len(self._rows)), key=lambda index: self._context.rank(self._rows[index]))
        _assign(self._context.model, self.solutions[best])
        rows = [*self._rows[:best], *self._rows[best + 1 :], self._rows[best]]
        if self._context.folder:
            self._context.folder.write_history(rows)
        return Outcome(epochs=1, steps=0, history=rows[-1])

    def save(self) -> None:
        """Write a checkpoint with all solutions so far."""
        self._saved = True
        if self._context.folder is None:
            return
        arrays = {}
        for index, solution in enumerate(self.solutions):
            arrays[f"{index}/weights"] = solution.weights
            arrays[f"{index}/bias"] = solution.bias
        content = checkpoints.encode(Position(step=len(self._rows), history=self._rows), arrays)
        checkpoints.save(self._context.folder.checkpoints_path, len(self._rows), content)

    def restore(self) -> None:
        """Restore the solutions from the newest checkpoint, if there is one.

        Raises:
            ZooError: if it belongs to another training, or all checkpoints are damaged.
        """
        content = self._context.latest_checkpoint()
        if not content:
            return
        position, arrays = checkpoints.decode(content)
        try:
            self.solutions = [
                _solution(row, arrays[f"{index}/weights"], arrays[f"{index}/bias"])
                for index, row in enumerate(position.history)
            ]
        except KeyError as error:
            raise ZooError(checkpoints.UNRELATED) from error
        self._rows, self._saved = position.history, True
        self._context.reporter.say(f"Resuming after {len(self._rows)} values of λ.")

    def check_stop(self) -> None:
        """Raise if any worker was asked to stop.

        Raises:
            Preempted: if one was.
        """
        if not self._saved:
            self._context.check_stop()
        elif self._context.agreement.agree([], self._context.stop())[1]:
            after = f" after {len(self._rows)} values of λ"
            raise self._context.preempted(after, "resumes from there")


def _solution(row: Mapping[str, float], weights: np.ndarray, bias: np.ndarray) -> Solution:
    figures = {
        name: value
        for name, value in row.items()
        if name != "penalty" and not name.startswith("val_")
    }
    return Solution(row["penalty"], weights, bias, figures)


def _assign(model: keras.Model, solution: Solution) -> None:
    dense = model.get_layer("head").layers[0]
    dense.kernel.assign(solution.weights.astype(np.float32))
    dense.bias.assign(solution.bias.astype(np.float32))

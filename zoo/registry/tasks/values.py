"""The task whose predictions are named numbers."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from zoo.errors import ZooError
from zoo.registry.tasks.base import Targets, Task
from zoo.registry.tasks.metrics import LARGEST_ERROR, RELATIVE_L2, RMSE, SAME_VALUE, Metric
from zoo.utils.choices import require_choice

_ERRORS = {metric.name: metric for metric in (RMSE, LARGEST_ERROR, RELATIVE_L2)}


@dataclass(frozen=True)
class Values(Task):
    """Named numbers with units: the outputs are the predictions; y are numbers, (examples, values).

    Args:
        metric: the primary metric: "rmse", "largest_error" or "relative_l2".

    Raises:
        UnknownNameError: for an unknown metric.
    """

    metric: str = "rmse"
    name: ClassVar[str] = "values"
    decision: ClassVar[str] = "values"
    plots: ClassVar[frozenset[str]] = frozenset({"curves", "predictions"})
    answer: ClassVar[str] = "values"

    def __post_init__(self) -> None:
        require_choice("metric", self.metric, _ERRORS)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """All three errors, the primary one first."""
        rest = (metric for name, metric in _ERRORS.items() if name != self.metric)
        return (_ERRORS[self.metric], *rest)

    def contract(self) -> dict[str, Any]:
        """Return the decision's entries in a manifest's "output"."""
        return {"decision": self.decision, "metric": self.metric}

    @classmethod
    def from_contract(cls, output: Mapping[str, Any]) -> Task:
        """Return the task with the manifest's primary metric."""
        return cls(output["metric"])

    def names(self, dataset: Targets) -> dict[str, list[str]]:
        """Return the names and units of the values."""
        return {
            "names": [value.name for value in dataset.values],
            "units": [value.unit for value in dataset.values],
        }

    def check(
        self, model: str, outputs: int, dataset: Targets, options: Container[str] = ()
    ) -> None:
        """Check that the data set has one value per output.

        Raises:
            ZooError: if it does not; the message says what to change.
        """
        wanted = len(dataset.values)
        if not wanted:
            raise ZooError(
                f"{model} predicts values, but the targets of {dataset.name} are classes; "
                "choose another --dataset, or a model that predicts classes, as `zoo list` lists "
                "them."
            )
        if outputs != wanted:
            named = [option for option in ("values", "outputs") if option in options]
            remedy = f"--set {named[0]}={wanted}" if named else "choose another --dataset"
            raise ZooError(
                f"{model} predicts {outputs} value{'s' * (outputs != 1)}, but {dataset.name} "
                f"has {wanted}; {remedy}."
            )

    def targets(self, y: np.ndarray) -> np.ndarray:
        """Return float32 (examples, values).

        >>> Values().targets(np.array([0.5, 2.0])).shape
        (2, 1)
        """
        return np.asarray(y, np.float32).reshape(len(y), -1)

    def agreement(self, outputs: np.ndarray, reference: np.ndarray) -> float:
        """Return the fraction of values that agree with the reference up to `SAME_VALUE`."""
        tolerance = SAME_VALUE * np.ptp(reference, axis=0) + np.finfo(np.float32).tiny
        return float(np.mean(np.abs(outputs - reference) <= tolerance))

    def target_text(self, y: Any, dataset: Targets) -> str:
        """Return names, numbers and units."""
        numbers = np.ravel(y)
        return ", ".join(
            value.text(number) for value, number in zip(dataset.values, numbers, strict=True)
        )

    def distinct_examples(self, y: np.ndarray, dataset: Targets, most: int) -> list[int]:
        """Return examples spread evenly from the smallest to the largest first value."""
        order = np.argsort(y.reshape(len(y), -1)[:, 0], kind="stable")
        at = np.unique(np.linspace(0, len(y) - 1, most).round().astype(int))
        return [int(index) for index in order[at]]

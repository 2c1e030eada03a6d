"""Tasks with labels as predictions: threshold, sign and classes."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from zoo.errors import ZooError
from zoo.registry.tasks.base import Targets, Task
from zoo.registry.tasks.metrics import ACCURACY, Metric


class _LabelTask(Task):
    """A task with labels as predictions; y are label indices, int64 (examples,)."""

    answer: ClassVar[str] = "labels"

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Accuracy alone."""
        return (ACCURACY,)

    def check(
        self, model: str, outputs: int, dataset: Targets, options: Container[str] = ()
    ) -> None:
        """Check that the data set has as many classes as the model.

        Raises:
            ZooError: if it does not; the message says what to change.
        """
        if not dataset.labels:
            raise ZooError(
                f"{model} predicts classes, but the targets of {dataset.name} are values; "
                "choose another --dataset, or a model that predicts values, as `zoo list --task "
                "values` lists them."
            )
        classes, wanted = self.classes(outputs), len(dataset.labels)
        if classes != wanted:
            remedy = (
                f"--set classes={wanted}"
                if "classes" in options
                else "choose another --dataset, or a model that has the option classes"
            )
            raise ZooError(
                f"{model} predicts {classes} labels, but {dataset.name} has {wanted}; {remedy}."
            )

    def classes(self, outputs: int) -> int:
        """Return the number of classes for a number of outputs."""
        raise NotImplementedError

    def target_text(self, y: Any, dataset: Targets) -> str:
        """Return the label."""
        return dataset.labels[int(y)]

    def distinct_examples(self, y: np.ndarray, dataset: Targets, most: int) -> list[int]:
        """Return the first example of each label."""
        return [int(np.argmax(y == label)) for label in range(len(dataset.labels))][:most]


@dataclass(frozen=True)
class Threshold(_LabelTask):
    """One output: the second label from the threshold up, the first below.

    Args:
        threshold: in units of the output.

    Raises:
        ValueError: for a threshold that is not a finite number.
    """

    threshold: float = 0.5
    name: ClassVar[str] = "threshold"
    decision: ClassVar[str] = "threshold"
    plots: ClassVar[frozenset[str]] = frozenset(
        {"boundary", "confusion", "curves", "examples", "learning", "pipeline", "weights"}
    )
    certainty_text: ClassVar[str] = "distance to the threshold"

    def __post_init__(self) -> None:
        if type(self.threshold) not in (int, float) or not math.isfinite(self.threshold):
            raise ValueError(
                f"The threshold is {self.threshold!r}; give the smallest output that means the "
                "second label."
            )

    def for_outputs(self, outputs: int) -> Task:
        """Return this task for one output, `Classes` for several."""
        return self if outputs == 1 else Classes()

    def contract(self) -> dict[str, Any]:
        """Return the decision's entries in a manifest's "output"."""
        return {"decision": self.decision, "threshold": self.threshold}

    @classmethod
    def from_contract(cls, output: Mapping[str, Any]) -> Task:
        """Return the task with the manifest's threshold."""
        return cls(output["threshold"])

    def names(self, dataset: Targets) -> dict[str, list[str]]:
        """Return the one name "output"."""
        return {"names": ["output"]}

    def classes(self, outputs: int) -> int:
        """Return 2: one class below the threshold, one from it up."""
        return 2

    def certainty(self, outputs: np.ndarray) -> np.ndarray:
        """Return the distance of each output to the threshold, (examples,)."""
        return np.abs(outputs[:, 0] - self.threshold)


@dataclass(frozen=True)
class Sign(Threshold):
    """One output trained with targets −1 and +1: the second label from 0 up, the first below."""

    threshold: float = 0.0
    name: ClassVar[str] = "sign"

    def targets(self, y: np.ndarray) -> np.ndarray:
        """Return float32 −1 for the first label and +1 for the second.

        >>> Sign().targets(np.array([0, 1]))
        array([-1.,  1.], dtype=float32)
        """
        return np.where(y > 0, np.float32(1), np.float32(-1))


@dataclass(frozen=True)
class Classes(_LabelTask):
    """One output per class: the largest wins, the first of equal ones."""

    name: ClassVar[str] = "classes"
    decision: ClassVar[str] = "argmax"
    plots: ClassVar[frozenset[str]] = frozenset(
        {"confusion", "curves", "examples", "pipeline", "weights"}
    )
    certainty_text: ClassVar[str] = "largest output"

    def names(self, dataset: Targets) -> dict[str, list[str]]:
        """Return the labels."""
        return {"names": list(dataset.labels)}

    def classes(self, outputs: int) -> int:
        """Return the number of outputs."""
        return outputs

    def certainty(self, outputs: np.ndarray) -> np.ndarray:
        """Return the largest output of each example, (examples,)."""
        return outputs.max(axis=1)

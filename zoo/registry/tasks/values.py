"""The task whose predictions are named numbers."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from zoo.errors import ZooError
from zoo.registry.tasks.base import Targets, Task
from zoo.registry.tasks.metrics import LARGEST_ERROR, RELATIVE_L2, RMSE, SAME_VALUE, Metric
from zoo.registry.tasks.pictures import BOX, IOU, MEAN_DISTANCE, PCK, POSE
from zoo.utils.choices import require_choice


class _Family(NamedTuple):
    """What goes with a primary metric of values.

    Args:
        metrics: those that are measured.
        plots: names of the `zoo plot` commands that apply.
        names: of the values, in this order; () for any values.
        advice: what to do about other values.
    """

    metrics: tuple[Metric, ...]
    plots: frozenset[str]
    names: tuple[str, ...] = ()
    advice: str = ""


_ANY = _Family((RMSE, LARGEST_ERROR, RELATIVE_L2), frozenset({"curves", "predictions"}))
_FIELD = _Family(_ANY.metrics, _ANY.plots | {"field"})
_FUNCTION = _Family(_ANY.metrics, _FIELD.plots | {"approximation"})
_OVERLAY = _ANY.plots | {"overlay"}
_POSE = _Family(
    (PCK, MEAN_DISTANCE, RMSE),
    _OVERLAY,
    POSE,
    "choose a --dataset of people, such as coordinates:FOLDER, or deep_regression for other points",
)
_BOX = _Family(
    (IOU, RMSE),
    _OVERLAY,
    BOX,
    "choose a --dataset of boxes, such as shape_boxes, or deep_regression for other values",
)
_FAMILIES = {
    **{metric.name: _ANY for metric in _ANY.metrics},
    LARGEST_ERROR.name: _FUNCTION,
    RELATIVE_L2.name: _FIELD,
    PCK.name: _POSE,
    MEAN_DISTANCE.name: _POSE,
    IOU.name: _BOX,
}


@dataclass(frozen=True)
class Values(Task):
    """Named numbers with units: the outputs are the predictions; y are numbers, (examples, values).

    Args:
        metric: the primary metric: "rmse", "largest_error" or "relative_l2"; "pck" or
            "mean_distance" for the joints of a person; "iou" for a box.

    Raises:
        UnknownNameError: for an unknown metric.
    """

    metric: str = "rmse"
    name: ClassVar[str] = "values"
    decision: ClassVar[str] = "values"
    answer: ClassVar[str] = "values"

    def __post_init__(self) -> None:
        require_choice("metric", self.metric, _FAMILIES)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The primary metric, then the others of such values."""
        return tuple(
            sorted(_FAMILIES[self.metric].metrics, key=lambda metric: metric.name != self.metric)
        )

    @property
    def plots(self) -> frozenset[str]:
        """Names of the `zoo plot` commands that apply."""
        return _FAMILIES[self.metric].plots

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
        """Check that the data set has one value per output, of the names that the metric needs.

        Raises:
            ZooError: if it does not; the message says what to change.
        """
        family, found = _FAMILIES[self.metric], tuple(value.name for value in dataset.values)
        if not found:
            advice = family.advice or (
                "choose another --dataset, or a model that predicts classes, as `zoo list` lists "
                "them"
            )
            raise ZooError(
                f"{model} predicts values, but the targets of {dataset.name} are classes; {advice}."
            )
        if family.names and found != family.names:
            raise ZooError(
                f"{model} predicts {_listed(family.names)}, but the values of {dataset.name} are "
                f"{_listed(found)}; {family.advice}."
            )
        wanted = len(found)
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


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:4])
    return shown if len(names) <= 4 else f"{shown} … ({len(names)} values)"

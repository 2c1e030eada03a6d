"""The base class of tasks, and what a task is given: targets, values, limits of a gate."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from zoo import edge
from zoo.errors import ZooError
from zoo.registry.tasks.metrics import Metric


@dataclass(frozen=True)
class Value:
    """A named number that a model predicts.

    Args:
        name: one printable line of text, such as "pressure".
        unit: its unit, such as "mmHg"; "" for none.
    """

    name: str
    unit: str = ""

    def text(self, number: float) -> str:
        """Return a number as text, with name and unit.

        >>> Value("pressure", "mmHg").text(120.25)
        'pressure = 120.25 mmHg'
        """
        return f"{self.name} = {number:.6g} {self.unit}".rstrip()


class Targets(Protocol):
    """The properties of a data set that a task uses: its name, and its labels or values."""

    @property
    def name(self) -> str:
        """Its name for `zoo.data.load`."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The class names; () for values."""

    @property
    def values(self) -> tuple[Value, ...]:
        """The values; () for classes."""


@dataclass(frozen=True)
class Limits:
    """How far the metrics of an exported file may be from the Keras model's.

    Args:
        max_drop: largest decrease of a primary metric that is a fraction, in percentage points.
        max_increase: largest increase of a primary metric that is an error, in percent; increases
            up to the metric's `negligible` are always accepted.
        min_agreement: smallest fraction of predictions equal to the Keras model's, in percent.

    Raises:
        ZooError: for a limit below 0, or an agreement above 100.
    """

    max_drop: float = 1.0
    max_increase: float = 10.0
    min_agreement: float = 95.0

    def __post_init__(self) -> None:
        for what, figure, unit in (
            ("drop", self.max_drop, "points"),
            ("increase", self.max_increase, "%"),
        ):
            if not figure >= 0:
                raise ZooError(f"The largest {what} is {figure} {unit}; give 0 or more.")
        if not 0 <= self.min_agreement <= 100:
            raise ZooError(
                f"The smallest agreement is {self.min_agreement} %; give a number from 0 to 100."
            )


class Task:
    """A kind of output. Subclasses define the attributes and methods below.

    Attributes:
        name: its name in `zoo.list_models(task=…)` and in manifests.
        decision: how edge.py turns outputs into predictions: "threshold", "argmax" or "values".
        metrics: the metrics measured on a split; the first is the primary one.
        answer: what a model predicts, for error messages: "labels" or "values".
        certainty_text: description of `certainty` for captions.
    """

    name: ClassVar[str]
    decision: ClassVar[str]
    answer: ClassVar[str]
    certainty_text: ClassVar[str]

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics measured on a split; the first is the primary one."""
        raise NotImplementedError

    @property
    def plots(self) -> frozenset[str]:
        """Names of the `zoo plot` commands that apply."""
        raise NotImplementedError

    @property
    def primary(self) -> Metric:
        """The metric for choosing hyperparameters, checking exports, and tables of results."""
        return self.metrics[0]

    def for_outputs(self, outputs: int) -> Task:
        """Return the task of a model with this number of outputs."""
        return self

    def contract(self) -> dict[str, Any]:
        """Return the decision's entries in a manifest's "output"."""
        return {"decision": self.decision}

    @classmethod
    def from_contract(cls, output: Mapping[str, Any]) -> Task:
        """Return the task from a manifest's "output"."""
        return cls()

    def names(self, dataset: Targets) -> dict[str, list[str]]:
        """Return "names" of the outputs, and "units" if any, for a manifest's "output"."""
        raise NotImplementedError

    def check(
        self, model: str, outputs: int, dataset: Targets, options: Container[str] = ()
    ) -> None:
        """Check that a data set's targets fit a model.

        Args:
            model: the model's name, for the error message.
            outputs: the model's number of outputs.
            dataset: the data set to train on.
            options: names of the builder's options, for the suggested remedy.

        Raises:
            ZooError: if they do not; the message says what to change.
        """
        raise NotImplementedError

    def targets(self, y: np.ndarray) -> np.ndarray:
        """Return a split's y as the model's loss expects it."""
        return y

    def predictions(self, outputs: np.ndarray) -> np.ndarray:
        """Return the predictions for outputs, float32 (examples, outputs), with `edge.decide`."""
        return edge.decide(self.contract(), outputs)

    def measure(self, outputs: np.ndarray, y: np.ndarray) -> dict[str, float]:
        """Return all metrics, by name, of outputs on a split's y."""
        predictions = self.predictions(outputs)
        return {metric.name: metric.compute(predictions, y) for metric in self.metrics}

    def agreement(self, outputs: np.ndarray, reference: np.ndarray) -> float:
        """Return the fraction of predictions, 0…1, that equal those of the reference."""
        return float(np.mean(self.predictions(outputs) == self.predictions(reference)))

    def require_plot(self, plot: str, model: str) -> None:
        """Check that a plot applies to models of this task.

        Raises:
            ZooError: if it does not; the message lists the plots that do.
        """
        if plot not in self.plots:
            raise ZooError(
                f"The plot {plot!r} does not apply to {model}, which predicts {self.answer}; "
                f"choose from {', '.join(sorted(self.plots))}."
            )

    def certainty(self, outputs: np.ndarray) -> np.ndarray:
        """Return how certain each prediction is, (examples,); larger is more certain."""
        raise NotImplementedError

    def target_text(self, y: Any, dataset: Targets) -> str:
        """Return one example's target as text."""
        raise NotImplementedError

    def distinct_examples(self, y: np.ndarray, dataset: Targets, most: int) -> list[int]:
        """Return the indices of at most `most` examples with different targets."""
        raise NotImplementedError

    def gate_failures(
        self, found: Mapping[str, Any], reference: Mapping[str, Any], limits: Limits
    ) -> list[str]:
        """Return a sentence for each limit that an exported file violates.

        Args:
            found: "metrics" and "agreement" of the file.
            reference: the same of the Keras model, and "outputs", its smallest and largest output.
            limits: the limits.
        """
        metric = self.primary
        own, best = found["metrics"][metric.name], reference["metrics"][metric.name]
        problems = []
        if metric.is_share and 100 * (best - own) > limits.max_drop:
            problems.append(
                f"{metric.title} {metric.text(own)} is {100 * (best - own):.2f} points below the "
                f"Keras model's, more than {limits.max_drop:g}."
            )
        # Files quantised to 8 bits have steps of 1/255 of the range, even if the error is tiny.
        smallest, largest = reference["outputs"]
        step = metric.negligible * (1.0 if metric.is_relative else largest - smallest)
        if not metric.is_share and own > best + max(best * limits.max_increase / 100, step):
            problems.append(
                f"{metric.title} {metric.text(own)} is more than {limits.max_increase:g} % above "
                f"the Keras model's {metric.text(best)}."
            )
        if 100 * found["agreement"] < limits.min_agreement:
            problems.append(
                f"{100 * found['agreement']:.2f} % of its predictions are the Keras model's, less "
                f"than {limits.min_agreement:g} %."
            )
        return problems

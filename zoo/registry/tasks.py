"""Tasks: what a model's outputs mean. They do not need Keras.

A task defines which data sets fit a model, how targets are passed to the loss, how outputs become
predictions, which metrics are measured, and which of them is the primary one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from zoo import edge
from zoo.errors import ZooError
from zoo.registry.plugins import load_plugins, registry
from zoo.utils.choices import UnknownNameError, require_choice

# Names of tasks in earlier versions.
_FORMER_NAMES = {"binary": "threshold", "multiclass": "classes"}
# Two values agree if they differ by at most this fraction of the range of values. Files quantised
# to 8 bits, with steps of 1/255 of the range, differ by up to half as much.
SAME_VALUE = 0.05


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
class Metric:
    """A metric of a model's predictions on a split.

    Args:
        name: its name in results.json and in manifests, such as "accuracy".
        title: its name in headings, such as "relative L2 error".
        greater_is_better: whether a larger value is better.
        is_share: whether it is a fraction, 0…1, printed in percent; else an error, 0…∞.
        compute: function of (predictions, targets) that returns the metric; predictions as
            `Task.predictions` returns them, targets as the data set has them.
        is_relative: whether an error is relative to the targets' norm; else it has their unit.
        negligible: increase of an error that an export may always cause: a fraction of the range
            of the outputs, or an absolute value if the error is relative.
    """

    name: str
    title: str
    greater_is_better: bool
    is_share: bool
    compute: Callable[[np.ndarray, np.ndarray], float]
    is_relative: bool = False
    negligible: float = 0.0

    def text(self, figure: float) -> str:
        """Return a value of the metric as text: a fraction in percent, an error with four digits.

        >>> ACCURACY.text(0.5634), RMSE.text(0.0123456)
        ('56.34 %', '0.01235')
        """
        return f"{100 * figure:.2f} %" if self.is_share else f"{figure:.4g}"

    def is_better(self, figure: float, other: float) -> bool:
        """Return whether a value of the metric is better than another."""
        return self.cost(figure) < self.cost(other)

    def cost(self, figure: float) -> float:
        """Return a value of the metric as a number of which the smallest is the best."""
        return -figure if self.greater_is_better else figure

    def is_near(self, figure: float, other: float, points: float) -> bool:
        """Return whether two values of the metric are equal up to rounding.

        Args:
            figure: the first value.
            other: the second value.
            points: largest difference of fractions, in percentage points; for errors, ten times
                this in percent of the larger one.

        >>> ACCURACY.is_near(0.561, 0.5615, points=0.1), RMSE.is_near(1.0, 1.02, points=0.1)
        (True, False)
        """
        tolerance = points if self.is_share else 10 * points * max(abs(figure), abs(other)) + 1e-4
        return 100 * abs(figure - other) <= tolerance


def _accuracy(predictions: np.ndarray, targets: np.ndarray) -> float:
    return float(np.mean(predictions == targets))


def _rmse(predictions: np.ndarray, targets: np.ndarray) -> float:
    return float(np.sqrt(np.mean(_errors(predictions, targets) ** 2)))


def _largest_error(predictions: np.ndarray, targets: np.ndarray) -> float:
    return float(np.max(np.abs(_errors(predictions, targets))))


def _relative_l2(predictions: np.ndarray, targets: np.ndarray) -> float:
    size = float(np.linalg.norm(np.asarray(targets, np.float64)))
    error = float(np.linalg.norm(_errors(predictions, targets)))
    return error / size if size else error


def _errors(predictions: np.ndarray, targets: np.ndarray) -> np.ndarray:
    predictions = np.asarray(predictions, np.float64)
    return predictions - np.asarray(targets, np.float64).reshape(predictions.shape)


ACCURACY = Metric("accuracy", "accuracy", True, True, _accuracy)
RMSE = Metric("rmse", "RMSE", False, False, _rmse, negligible=0.02)
LARGEST_ERROR = Metric(
    "largest_error", "largest error", False, False, _largest_error, negligible=SAME_VALUE
)
RELATIVE_L2 = Metric(
    "relative_l2",
    "relative L2 error",
    False,
    False,
    _relative_l2,
    is_relative=True,
    negligible=0.02,
)

METRICS = {metric.name: metric for metric in (ACCURACY, RMSE, LARGEST_ERROR, RELATIVE_L2)}


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
        plots: names of the `zoo plot` commands that apply.
        answer: what a model predicts, for error messages: "labels" or "values".
        certainty_text: description of `certainty` for captions.
    """

    name: ClassVar[str]
    decision: ClassVar[str]
    plots: ClassVar[frozenset[str]]
    answer: ClassVar[str]
    certainty_text: ClassVar[str]

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics measured on a split; the first is the primary one."""
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
    plots: ClassVar[frozenset[str]] = frozenset({"curves", "field", "predictions"})
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


_kinds: dict[str, type[Task]] = registry({})


def register_task(kind: type[Task]) -> type[Task]:
    """Register a task class by its name, so that manifests can refer to it.

    Raises:
        ValueError: if it is not a class of tasks with a name, or the name is taken.
    """
    if not (isinstance(kind, type) and issubclass(kind, Task)):
        raise ValueError(f"The kind of task {kind!r} is not a class that inherits from Task.")
    if not isinstance(getattr(kind, "name", None), str) or not kind.name.isidentifier():
        raise ValueError(
            f"The kind of task {kind.__name__} has no name; give it one of letters, digits and "
            "underscores."
        )
    if kind.name in _kinds:
        raise ValueError(f"A task named {kind.name!r} is registered already; choose another name.")
    _kinds[kind.name] = kind
    return kind


for _kind in (Threshold, Sign, Classes, Values):
    register_task(_kind)


def threshold_of(task: Task) -> float:
    """Return the threshold of a task.

    Raises:
        ZooError: for a task without a threshold.
    """
    if not isinstance(task, Threshold):
        raise ZooError(f"A model of the task {task.name!r} has no threshold.")
    return task.threshold


def task_names() -> Sequence[str]:
    """Return the names of all registered tasks.

    >>> list(task_names())[:4]
    ['threshold', 'sign', 'classes', 'values']
    """
    load_plugins()
    return tuple(_kinds)


def require_task(name: str) -> None:
    """Check that a task of this name is registered.

    Raises:
        UnknownNameError: if not; the message suggests similar names.
    """
    if name not in _kinds:
        load_plugins()
    if name in _FORMER_NAMES and name not in _kinds:
        raise UnknownNameError(f"The task {name!r} is now called {_FORMER_NAMES[name]!r}.")
    require_choice("task", name, _kinds)


def is_registered(task: Task) -> bool:
    """Return whether a task's kind is one that `register_task` has made known."""
    return _kinds.get(task.name) is type(task)


def task_of(manifest: Mapping[str, Any]) -> Task:
    """Return the task of a bundle from its manifest, as returned by `edge.read_manifest`.

    Raises:
        UnknownNameError: for a task that is not registered.
    """
    require_task(manifest["task"])
    return _kinds[manifest["task"]].from_contract(manifest["output"])

"""What each recipe has reached where it was tried: results.csv, which `tools/results.py` writes."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from zoo.registry.tasks import METRICS

PATH = Path(__file__).with_name("results.csv")


@dataclass(frozen=True)
class Result:
    """Figures of one recipe on the test set, over seeds.

    Args:
        model: its name.
        recipe: its name.
        text: the recipe itself, as it was when it was tried.
        seeds: number of trainings, with seeds from 0 up.
        metric: name of the task's primary metric, which the figures are of.
        test: its mean on the test set.
        train: its mean on the training examples without augmentation.
        deviation: sample standard deviation of the figures on the test set; None for one seed.
        minutes: of one training with validation, on an idle machine.
        dataset: name and fingerprint.
        machine: as `zoo.utils.provenance.machine` names it.
        versions: of the software, as text.
    """

    model: str
    recipe: str
    text: str
    seeds: int
    metric: str
    test: float
    train: float
    deviation: float | None
    minutes: float
    dataset: str
    machine: str
    versions: str

    def summary(self) -> str:
        r"""Return one line with the command that reproduces the result.

        >>> figures = ("accuracy", 0.7, 0.9, 0.004)
        >>> result = Result("m", "best", "", 3, *figures, 0.25, "d 0a", "pc", "keras 3")
        >>> print(result.summary().replace(": ", ":\n", 1))
        zoo train m --recipe best:
        test accuracy 70.00 ± 0.40 % (3 seeds), training accuracy 90.00 %; 15 seconds
        """
        title = METRICS[self.metric].title
        return (
            f"zoo train {self.model} --recipe {self.recipe}: test {title} {self.test_text()} "
            f"({self.seeds} seed{'s' * (self.seeds > 1)}), training {title} {self.train_text()}; "
            f"{self.time()}"
        )

    def test_text(self) -> str:
        """Return the figure on the test set, mean ± standard deviation over several seeds."""
        text = METRICS[self.metric].text
        if self.deviation is None:
            return text(self.test)
        return f"{text(self.test).removesuffix(' %')} ± {text(self.deviation)}"

    def train_text(self) -> str:
        """Return the mean figure on the training examples."""
        return METRICS[self.metric].text(self.train)

    def time(self) -> str:
        """Return how long one training takes, in seconds or minutes."""
        if self.minutes < 1:
            seconds = max(1, round(60 * self.minutes))
            return f"{seconds} second{'s' * (seconds > 1)}"
        return f"{self.minutes:.1f} minutes"

    def measured_on(self) -> str:
        """Return data set, machine and software."""
        return f"{self.dataset}; {self.machine}; {self.versions}"


def read() -> list[Result]:
    """Return all results, in the order of the file."""
    if not PATH.is_file():
        return []
    with PATH.open(newline="", encoding="utf-8") as stream:
        return [
            Result(**{name: _READERS.get(name, str)(cell) for name, cell in row.items()})
            for row in csv.DictReader(stream)
        ]


_READERS: dict[str, Callable[[str], Any]] = {
    "seeds": int,
    "test": float,
    "train": float,
    "deviation": lambda cell: float(cell) if cell else None,
    "minutes": float,
}


def result_of(model: str, recipe: str) -> Result | None:
    """Return what a model's recipe has reached; None if it was not tried."""
    return next((r for r in read() if (r.model, r.recipe) == (model, recipe)), None)


def record(result: Result) -> None:
    """Write a result to the file, in the place of an older one of the same recipe.

    Raises:
        ZooError: if the disk refuses.
    """
    from zoo.utils.files import replacing

    key = (result.model, result.recipe)
    results = [r for r in read() if (r.model, r.recipe) != key] + [result]
    rows = [asdict(r) for r in sorted(results, key=lambda r: (r.model, r.recipe))]
    with replacing(PATH) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)

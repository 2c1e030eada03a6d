"""What each recipe has reached where it was tried: results.csv, which `tools/results.py` writes."""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass
from pathlib import Path

PATH = Path(__file__).with_name("results.csv")


@dataclass(frozen=True)
class Result:
    """Test accuracies of one recipe over seeds.

    Args:
        model: its name.
        recipe: its name.
        text: the recipe itself, as it was when it was tried.
        seeds: number of trainings, with seeds from 0 up.
        accuracy: mean test accuracy, 0…1.
        train_accuracy: mean accuracy on the training examples without augmentation, 0…1.
        deviation: sample standard deviation of the test accuracies; None for one seed.
        minutes: of one training with validation, on an idle machine.
        dataset: name and fingerprint.
        machine: as `zoo.utils.provenance.machine` names it.
        versions: of the software, as text.
    """

    model: str
    recipe: str
    text: str
    seeds: int
    accuracy: float
    train_accuracy: float
    deviation: float | None
    minutes: float
    dataset: str
    machine: str
    versions: str

    def summary(self) -> str:
        r"""Return one line with the command that reproduces the result.

        >>> result = Result("m", "best", "", 3, 0.7, 0.9, 0.004, 0.25, "d 0a", "pc", "keras 3")
        >>> print(result.summary().replace(": ", ":\n", 1))
        zoo train m --recipe best:
        test accuracy 70.00 ± 0.40 % (3 seeds), training accuracy 90.00 %; 15 seconds
        """
        return (
            f"zoo train {self.model} --recipe {self.recipe}: test accuracy {self.percent()} "
            f"({self.seeds} seed{'s' * (self.seeds > 1)}), training accuracy "
            f"{100 * self.train_accuracy:.2f} %; {self.time()}"
        )

    def percent(self) -> str:
        """Return the test accuracy, mean ± standard deviation where there are several seeds."""
        spread = "" if self.deviation is None else f" ± {100 * self.deviation:.2f}"
        return f"{100 * self.accuracy:.2f}{spread} %"

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
            Result(
                **row
                | {
                    "seeds": int(row["seeds"]),
                    "accuracy": float(row["accuracy"]),
                    "train_accuracy": float(row["train_accuracy"]),
                    "deviation": float(row["deviation"]) if row["deviation"] else None,
                    "minutes": float(row["minutes"]),
                }
            )
            for row in csv.DictReader(stream)
        ]


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

"""One HTML page about a finished training run, or comparing several."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from zoo import edge
from zoo.data import Dataset
from zoo.data.summary import sentences
from zoo.errors import ZooError
from zoo.models import describe
from zoo.plots import sources
from zoo.plots.boundary import boundary_picture
from zoo.plots.confusion import confusion_matrix, confusion_picture, most_confused
from zoo.plots.curves import grouped_curves, learning_curves
from zoo.plots.examples import examples_picture
from zoo.plots.field import field_of, field_picture, is_field
from zoo.plots.overlay import overlay_picture
from zoo.plots.predictions import predictions_picture
from zoo.plots.weights import weight_pictures
from zoo.registry.tasks import threshold_of
from zoo.reports import page
from zoo.training.run_folder import RunFolder, distinct_names
from zoo.utils.files import write_text

_CONFUSED = 20


def report(run: str | Path, to: str | Path | None = None, data_dir: str | None = None) -> Path:
    """Write the report of a finished run and return its path.

    Args:
        run: the run folder.
        to: the HTML file; RUN/report.html by default.
        data_dir: the folder of the data set, by default the one recorded in training.

    Raises:
        ZooError: if the run is not finished, its data is missing, or the page cannot be written.
    """
    folder = RunFolder(run)
    config, results = folder.config(), _results(folder)
    source = sources.open_source(folder.path)
    dataset = source.dataset(data_dir)
    rows = sources.history(folder.path)
    title = f"{source.name} on {dataset.name}"
    metric = source.task.primary.name
    parts = [
        page.paragraph(describe(source.name).summary),
        page.heading("Result"),
        page.table(("metric", "test set"), list(results["test"].items())),
        page.paragraph(
            f"{results['examples']['test']:,} test examples of {dataset.name}, fingerprint "
            f"{dataset.fingerprint}; evaluated once, after training."
        ),
        page.heading("Data"),
        *(page.paragraph(sentence) for sentence in sentences(dataset)),
        page.picture(examples_picture(dataset, dataset.name), "Training examples"),
        page.heading("Training"),
        page.paragraph(config.get("recipe_text", "")),
        page.picture(learning_curves({source.name: rows}, title, metric), "Learning curves"),
        *_predictions(source, dataset, title),
        *_pictures(source, dataset, title),
        *_artifacts(folder),
        page.heading("Settings"),
        page.table(("setting", "value"), _settings(config)),
    ]
    target = Path(to) if to else folder.path / "report.html"
    write_text(target, page.page(title, parts))
    return target


def compare(runs: Sequence[str | Path], to: str | Path) -> Path:
    """Write one page that compares finished runs and return its path.

    Raises:
        ZooError: if one of them is not finished, or the page cannot be written.
    """
    folders = [RunFolder(run) for run in runs]
    configs = [folder.config() for folder in folders]
    found = [_results(folder) for folder in folders]
    names = distinct_names(runs)
    metrics = sorted({metric for results in found for metric in results["test"]})
    settings = [dict(_settings(config)) for config in configs]
    differing = [
        key
        for key in dict.fromkeys(key for one in settings for key in one)
        if any(one.get(key) != settings[0].get(key) for one in settings)
    ]
    groups = sources.histories(runs)
    parts = [
        page.heading("Results on the test set"),
        page.table(
            ("run", "model", "data set", "fingerprint", *metrics),
            [
                (
                    name,
                    results["model"],
                    results["dataset"]["name"],
                    results["dataset"]["fingerprint"],
                    *(results["test"].get(metric, "") for metric in metrics),
                )
                for name, results in zip(names, found, strict=True)
            ],
        ),
        page.heading("Learning curves"),
        page.picture(
            grouped_curves(groups, " and ".join(names), sources.metrics(runs)), "Learning curves"
        ),
        page.heading("Differing settings"),
        page.table(
            ("setting", *names),
            [(key, *(one.get(key, "") for one in settings)) for key in differing],
        ),
    ]
    target = Path(to)
    write_text(target, page.page(f"{len(runs)} runs", parts))
    return target


def _results(folder: RunFolder) -> dict:
    folder.config()
    results = folder.results()
    if results is None:
        raise ZooError(
            f"The training in {folder.path} is not finished; resume it with `zoo train`."
        )
    return results


def _predictions(source: sources.Source, dataset: Dataset, title: str) -> list[str]:
    """Return the plots and tables of the model's predictions on the test set."""
    predictions = source.predictions(dataset.test.x)
    parts = []
    if "predictions" in source.task.plots:
        figure = predictions_picture(dataset.test.y, predictions, dataset.values, title)
        parts += [page.heading("Predictions"), page.picture(figure, "Predicted and true values")]
    if "field" in source.task.plots and is_field(dataset):
        field = field_of(dataset, {source.name: predictions})
        parts.append(page.picture(field_picture(field, title), "Solution, reference and error"))
    if "overlay" in source.task.plots:
        names = [value.name for value in dataset.values]
        figure = overlay_picture(dataset.test.x, predictions, dataset.test.y, names, title)
        parts.append(page.picture(figure, "Predictions drawn on test pictures"))
    if "confusion" in source.task.plots:
        counts = confusion_matrix(dataset.test.y, predictions, dataset.labels)
        parts += [
            page.heading("Confusion matrix"),
            page.picture(confusion_picture(counts, dataset.labels, title), "Confusion matrix"),
            *_confused(counts, dataset.labels),
            _recalls(counts, dataset.labels),
        ]
    return parts


def _recalls(counts: np.ndarray, labels: Sequence[str]) -> str:
    return page.table(
        ("label", "examples", "recall", "predictions", "precision"),
        [
            (
                label,
                int(counts[index].sum()),
                _share(counts[index, index], counts[index].sum()),
                int(counts[:, index].sum()),
                _share(counts[index, index], counts[:, index].sum()),
            )
            for index, label in enumerate(labels)
        ],
    )


def _pictures(source: sources.Source, dataset: Dataset, title: str) -> list[str]:
    drawn: list[str] = []
    ways: dict[str, Callable[[], Figure]] = {
        "weights": lambda: weight_pictures(source.model, dataset.labels, title),
        "boundary": lambda: boundary_picture(
            source.model, dataset.test, threshold_of(source.task), dataset.labels, title
        ),
    }
    headings = {"weights": "Weights W as images", "boundary": "Decision boundary"}
    for plot in (plot for plot in ways if plot in source.task.plots):
        try:
            drawn += [page.heading(headings[plot]), page.picture(ways[plot](), headings[plot])]
        except ZooError:
            # Not every model has a W that can be shown as images, or two inputs.
            continue
    return drawn


def _artifacts(folder: RunFolder) -> list[str]:
    bundle = folder.path / "bundle"
    if not (bundle / "manifest.json").is_file():
        return []
    artifacts = edge.read_manifest(bundle)["artifacts"]
    metrics = list(dict.fromkeys(name for of in artifacts.values() for name in of["metrics"]))
    rows = [
        (
            name,
            entry["bytes"],
            *(entry["metrics"].get(metric, "") for metric in metrics),
            entry.get("agreement", ""),
        )
        for name, entry in artifacts.items()
    ]
    return [
        page.heading("Exported files"),
        page.table(("file", "bytes", *metrics, "agreement with Keras"), rows),
    ]


def _share(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f} %" if whole else ""


def _confused(counts: np.ndarray, labels: Sequence[str]) -> list[str]:
    pairs = most_confused(counts, _CONFUSED)
    if not pairs:
        return []
    rows = [
        (labels[true], labels[decided], often, _share(often, counts[true].sum()))
        for true, decided, often in pairs
    ]
    return [
        page.heading("Most confused"),
        page.table(("true label", "predicted label", "count", "of the true label"), rows),
    ]


def _settings(config: Mapping, before: str = "") -> list[tuple[str, str]]:
    """Return a configuration as rows of a name, such as "recipe: epochs", and a value."""
    rows: list[tuple[str, str]] = []
    for key, value in config.items():
        name = f"{before}{str(key).replace('_', ' ')}"
        if isinstance(value, Mapping):
            rows += _settings(value, f"{name}: ")
        elif isinstance(value, list):
            rows.append((name, ", ".join(map(str, value))))
        elif isinstance(value, bool):
            rows.append((name, "yes" if value else "no"))
        else:
            rows.append((name, "none" if value is None else str(value)))
    return rows

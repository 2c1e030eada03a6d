"""What a run was, how it went, and what came out of it, on one page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from zoo.errors import ZooError
from zoo.files import write_text
from zoo.models import describe
from zoo.plots import sources
from zoo.plots.boundary import boundary_picture
from zoo.plots.confusion import confusion_matrix, confusion_picture
from zoo.plots.curves import learning_curves
from zoo.plots.weights import weight_pictures
from zoo.reports import page
from zoo.run_folder import RunFolder


def report(run, to=None, data_dir=None) -> Path:
    """Write the report of a finished run and return its path.

    Args:
        run: the run folder.
        to: the HTML file; RUN/report.html by default.
        data_dir: where the data set lies, if not where it lay in training.

    Raises:
        ZooError: if the run is not finished, its data is missing, or the disk refuses.
    """
    folder = RunFolder(run)
    config, results = folder.config(), _results(folder)
    source = sources.open_source(folder.path)
    dataset = source.dataset(data_dir)
    rows = sources.history(folder.path)
    told = f"{source.name} on {dataset.name}"
    counts = confusion_matrix(dataset.test.y, source.decide(dataset.test.x), dataset.labels)
    parts = [
        page.paragraph(describe(source.name).summary),
        page.heading("Result"),
        page.table(("metric", "test set"), list(results["test"].items())),
        page.paragraph(
            f"{results['examples']['test']:,} test examples of {dataset.name}, fingerprint "
            f"{dataset.fingerprint}; touched once, at the end."
        ),
        page.heading("Training"),
        page.paragraph(config.get("recipe_text", "")),
        page.picture(learning_curves({source.name: rows}, told), "Learning curves"),
        page.heading("Which label is taken for which"),
        page.picture(confusion_picture(counts, dataset.labels, told), "Confusion matrix"),
        page.table(
            ("label", "examples", "right", "decided", "of these right"),
            [
                (
                    label,
                    int(counts[index].sum()),
                    _share(counts[index, index], counts[index].sum()),
                    int(counts[:, index].sum()),
                    _share(counts[index, index], counts[:, index].sum()),
                )
                for index, label in enumerate(dataset.labels)
            ],
        ),
        *_pictures(source, dataset, told),
        *_artifacts(folder),
        page.heading("Settings"),
        page.table(("setting", "value"), [(key, _told(value)) for key, value in config.items()]),
    ]
    target = Path(to) if to else folder.path / "report.html"
    write_text(target, page.page(told, parts))
    return target


def compare(runs: Sequence, to) -> Path:
    """Write one page about several finished runs and return its path.

    Raises:
        ZooError: if one of them is not finished, or the disk refuses.
    """
    folders = [RunFolder(run) for run in runs]
    configs = [folder.config() for folder in folders]
    found = [_results(folder) for folder in folders]
    names = [folder.path.name or str(folder.path) for folder in folders]
    metrics = sorted({metric for results in found for metric in results["test"]})
    differing = [
        key
        for key in sorted({key for config in configs for key in config})
        if len({_told(config.get(key)) for config in configs}) > 1
    ]
    histories = dict(zip(names, (sources.history(folder.path) for folder in folders), strict=True))
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
        page.picture(learning_curves(histories, " and ".join(names)), "Learning curves"),
        page.heading("What sets them apart"),
        page.table(
            ("setting", *names),
            [(key, *(_told(config.get(key)) for config in configs)) for key in differing],
        ),
    ]
    target = Path(to)
    write_text(target, page.page(f"{len(runs)} runs", parts))
    return target


def _results(folder: RunFolder) -> dict:
    folder.config()
    results = folder.results()
    if results is None:
        raise ZooError(f"{folder.path} is not trained to its end; resume it with `zoo train`.")
    return results


def _pictures(source, dataset, told: str) -> list[str]:
    drawn = []
    ways = {
        "W as pictures": lambda: weight_pictures(source.model, dataset.labels, told),
        "The boundary": lambda: boundary_picture(
            source.model, dataset.test, describe(source.name).threshold, told
        ),
    }
    for name, draw in ways.items():
        try:
            drawn += [page.heading(name), page.picture(draw(), name)]
        except ZooError:
            # Not every model has a W that is a picture, or takes two numbers.
            continue
    return drawn


def _artifacts(folder: RunFolder) -> list[str]:
    path = folder.path / "bundle" / "manifest.json"
    if not path.is_file():
        return []
    artifacts = json.loads(path.read_text(encoding="utf-8"))["artifacts"]
    rows = [
        (name, entry["bytes"], *(entry[key] for key in ("accuracy", "agreement")))
        for name, entry in artifacts.items()
    ]
    return [
        page.heading("Exported files"),
        page.table(("file", "bytes", "accuracy", "agreement with Keras"), rows),
    ]


def _share(part, whole) -> str:
    return f"{100 * part / whole:.1f} %" if whole else ""


def _told(value) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

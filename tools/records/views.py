"""The accuracy of a trained classifier's mean answer over views of a photo, and what it costs."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from records.keeping import keep
from zoo import data, edge
from zoo.errors import ZooError
from zoo.export.bundle import export_run
from zoo.nn import loading
from zoo.nn.views import VIEWS
from zoo.training.run_folder import RunFolder

_KINDS = ("float16", "int8")
_ROUNDS, _PHOTOS = 9, 50


def views(run: Path) -> None:
    """Export a run with every number of views; write accuracies, times and sizes.

    Raises:
        ZooError: if the training is not finished.
    """
    folder = RunFolder(run)
    config, results = folder.config(), folder.results()
    if results is None:
        raise ZooError(f"The training in {run} is not finished; resume it with `zoo train`.")
    dataset = data.load(config["dataset"]["name"], config["data_dir"])
    with tempfile.TemporaryDirectory() as place:
        bundles = {
            count: export_run(
                run, Path(place, str(count)), kinds=_KINDS, weights="float16", views=count
            )
            for count in VIEWS
        }
        costs = _costs(bundles, dataset.test.x)
        rows = []
        for count, bundle in bundles.items():
            model = loading.load_model(bundle)
            answers = model.predict(dataset.validation.x, batch_size=250, verbose=0)
            right = answers.argmax(axis=1) == dataset.validation.y
            row: dict[str, object] = {
                "views": count,
                "validation": f"{100 * np.mean(right):.2f}",
            }
            for kind, entry in edge.read_manifest(bundle)["artifacts"].items():
                if kind in _KINDS:
                    row[f"test, {kind}"] = f"{100 * entry['metrics']['accuracy']:.2f}"
            for kind in _KINDS:
                row[f"time, {kind}"] = f"{costs[count, kind]:.3g}"
            row["bytes, int8"] = f"{(bundle / 'int8.tflite').stat().st_size:,}"
            rows.append(row)
    description = (
        f"{config['model']}, recipe `{config['recipe_name']}`, exported with `--views`: accuracy "
        "in % of the mean answer over views of each photo; the Keras file on validation photos, "
        "the TFLite files on test photos. time: of a prediction of one photo with one thread, "
        "divided by that of the same kind of file with one view; medians of rounds in which the "
        "files alternate."
    )
    keep(f"{config['model']}-views", description, rows, results["dataset"])


def _costs(bundles: dict[int, Path], photos: np.ndarray) -> dict[tuple[int, str], float]:
    """Return the time of each file relative to that with one view."""
    files = {
        (count, kind): edge.load(bundle, kind, 1)
        for count, bundle in bundles.items()
        for kind in _KINDS
    }
    seconds: dict[tuple[int, str], list[float]] = {key: [] for key in files}
    for _ in range(_ROUNDS):
        for key, model in files.items():
            started = time.perf_counter()
            for photo in photos[:_PHOTOS]:
                model.raw(photo[None])
            seconds[key].append(time.perf_counter() - started)
    return {
        (count, kind): statistics.median(
            own / one for own, one in zip(found, seconds[1, kind], strict=True)
        )
        for (count, kind), found in seconds.items()
    }

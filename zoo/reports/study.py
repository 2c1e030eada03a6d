"""Further measurements of a bundle for its card: corruptions, labels, learning curves, weights."""

from __future__ import annotations

import shutil
from pathlib import Path

from matplotlib.figure import Figure

from zoo import data, edge
from zoo.data.corruptions import accuracies
from zoo.errors import ZooError
from zoo.export import measure
from zoo.export.bundle import write_manifest
from zoo.export.card import model_card
from zoo.models import describe
from zoo.nn import loading
from zoo.plots import curves, sources, style, weights
from zoo.plots.confusion import confusion_matrix, confusion_picture
from zoo.plots.field import field_of, field_picture, is_field
from zoo.plots.overlay import overlay_picture
from zoo.plots.predictions import predictions_picture
from zoo.registry.tasks import task_of
from zoo.training.run_folder import RunFolder
from zoo.utils.files import write_text


def study(run: str | Path, bundle: str | Path, data_dir: str | None = None) -> Path:
    """Measure a bundle on corrupted photos, draw its plots, and rewrite its card.

    Args:
        run: the run folder it was exported from.
        bundle: the bundle's folder; plots are added to it, and figures to its manifest.
        data_dir: the folder of the data set, by default the one recorded in training.

    Raises:
        ZooError: if the run is of another model, or its data is missing.
        edge.BundleError: if the bundle is damaged.
    """
    folder, bundle = RunFolder(run), Path(bundle)
    config, results = folder.config(), folder.results()
    if results is None:
        raise ZooError(
            f"The training in {folder.path} is not finished; resume it with `zoo train`."
        )
    manifest = edge.read_manifest(bundle)
    spec = describe(config["model"])
    if manifest["name"] != spec.name:
        raise ZooError(
            f"{bundle} is a bundle of {manifest['name']}, but {run} is a run of {spec.name}; "
            "give the run that the bundle was exported from."
        )
    dataset = data.load_again(config["dataset"], data_dir or config["data_dir"])
    artifact = measure.tflite_artifacts(manifest)[0]
    model, frame = measure.load_quietly(bundle, artifact), edge.frame_of(manifest)

    task = task_of(manifest)

    def predictions(examples):
        return task.predictions(measure.outputs(model.raw, examples, frame))

    title = f"{spec.name} on {dataset.name}"
    found = predictions(dataset.test.x)
    pictures: dict[str, Figure] = {}
    if "confusion" in task.plots:
        counts = confusion_matrix(dataset.test.y, found, dataset.labels)
        pictures["confusion.png"] = confusion_picture(counts, dataset.labels, f"{title}: test set")
    if "predictions" in task.plots:
        pictures["predictions.png"] = predictions_picture(
            dataset.test.y, found, dataset.values, f"{title}: test set"
        )
    if "overlay" in task.plots:
        pictures["overlay.png"] = overlay_picture(
            dataset.test.x, found, dataset.test.y, edge.names_of(manifest), f"{title}: test set"
        )
    if "field" in task.plots and is_field(dataset):
        field = field_of(dataset, {spec.name: found})
        pictures["field.png"] = field_picture(field, f"{title}: test set")
    rows = sources.history(run) if folder.history_path.is_file() else []
    # One row, as of a construction, is no curve.
    if len(rows) > 1:
        pictures["curves.png"] = curves.learning_curves(
            {spec.name: rows}, f"{title}: training", task.primary.name
        )
    try:
        pictures["weights.png"] = weights.weight_pictures(
            loading.load_model(bundle), edge.names_of(manifest), f"{title}: W"
        )
    except ZooError:
        # Not every model has a W that can be shown as images.
        (bundle / "weights.png").unlink(missing_ok=True)
    for name, figure in pictures.items():
        style.save(figure, bundle / name)
    names, kept = set(pictures), folder.path / "curves.png"
    if kept.name not in names and kept.is_file():
        # A run folder made from a bundle, which has the plot but not the history.
        shutil.copyfile(kept, bundle / kept.name)
        names.add(kept.name)
    manifest["pictures"] = sorted(names)
    if manifest["input"]["kind"] == "image" and dataset.labels:
        manifest["study"] = {
            "artifact": artifact,
            **accuracies(predictions, dataset.test, dataset.labels),
        }
    # A manifest is written in the newest format, which an older predict.py does not read.
    shutil.copyfile(edge.__file__, bundle / "predict.py")
    write_manifest(bundle, manifest)
    write_text(bundle / "README.md", model_card(spec, manifest, config, results))
    return bundle

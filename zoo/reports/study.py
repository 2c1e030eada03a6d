"""A closer look at an exported model, for its card: hardships, labels, curves, W as pictures."""

from __future__ import annotations

import shutil
from pathlib import Path

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
from zoo.training.run_folder import RunFolder
from zoo.utils.files import write_text


def study(run, bundle, data_dir=None) -> Path:
    """Measure a bundle on harder photos, draw its pictures, and write its card anew.

    Args:
        run: the run folder it was exported from.
        bundle: the bundle's folder, which gets the pictures, and the figures in its manifest.
        data_dir: where the data set lies, if not where it lay in training.

    Raises:
        ZooError: if the run is another model's, or data is missing.
        edge.BundleError: if the bundle is damaged.
    """
    folder, bundle = RunFolder(run), Path(bundle)
    config, results = folder.config(), folder.results()
    manifest = edge.read_manifest(bundle)
    spec = describe(config["model"])
    if manifest["name"] != spec.name:
        raise ZooError(f"{bundle} is a {manifest['name']}, and {run} trained a {spec.name}.")
    dataset = data.load(config["dataset"]["name"], data_dir or config["data_dir"])
    artifact = measure.tflite_artifacts(manifest)[0]
    model, frame = measure.load_quietly(bundle, artifact), edge.frame_of(manifest)

    def decide(examples):
        return measure.decisions(manifest, measure.outputs(model.raw, examples, frame))

    told = f"{spec.name} on {dataset.name}"
    pictures = {
        "confusion.png": confusion_picture(
            confusion_matrix(dataset.test.y, decide(dataset.test.x), dataset.labels),
            dataset.labels,
            f"{told}: test set",
        ),
    }
    if folder.history_path.is_file():
        history = {spec.name: sources.history(run)}
        pictures["curves.png"] = curves.learning_curves(history, f"{told}: training")
    try:
        pictures["weights.png"] = weights.weight_pictures(
            loading.load_model(bundle), dataset.labels, f"{told}: W"
        )
    except ZooError:
        # Not every model has a W that is a picture.
        (bundle / "weights.png").unlink(missing_ok=True)
    for name, figure in pictures.items():
        style.save(figure, bundle / name)
    kept = folder.path / "curves.png"
    if "curves.png" not in pictures and kept.is_file():
        # A run made of a bundle that has the picture and not the numbers.
        shutil.copyfile(kept, bundle / kept.name)
        pictures[kept.name] = None
    manifest["pictures"] = sorted(pictures)
    if manifest["input"]["kind"] == "image":
        found = accuracies(decide, dataset.test, dataset.labels)
        manifest["study"] = {"artifact": artifact, **found}
    write_manifest(bundle, manifest)
    write_text(bundle / "README.md", model_card(spec, manifest, config, results))
    return bundle

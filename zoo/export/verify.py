"""Every file of a bundle against its hash, its contract, the Keras model and the whole test set."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from zoo import components, edge
from zoo.data.dataset import Dataset
from zoo.errors import ZooError
from zoo.export import measure
from zoo.export.compose import operations
from zoo.export.metadata import packed_labels

# float32 arithmetic in another order; more than this is another computation.
TOLERANCE = 1e-5
MAX_DROP = 1.0
# Another processor sums in another order, which may turn a decision at the threshold.
_SAME_ACCURACY = 0.001
_FLOAT32 = ("saved_model", "float32", "onnx")


@dataclass
class Report:
    """What a verification found.

    Args:
        figures: artifact → accuracy, agreement, largest difference, measured now.
        problems: sentences; none if the bundle is sound.
    """

    figures: dict[str, dict[str, float]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def verify(bundle, dataset: Dataset, max_drop: float = MAX_DROP) -> Report:
    """Check a bundle and measure all of its artifacts.

    Args:
        bundle: the bundle's folder.
        dataset: whose test split is measured on.
        max_drop: points of accuracy that an artifact may lie below the Keras model, from 0 up.

    Raises:
        ZooError: if the data set is another than the bundle's, or `max_drop` is below 0.
        edge.BundleError: if the manifest or the labels cannot be read.
    """
    check_max_drop(max_drop)
    bundle = Path(bundle)
    manifest = edge.read_manifest(bundle)
    measure.check_labels(bundle, manifest, dataset)
    if dataset.fingerprint != manifest["dataset"]["fingerprint"]:
        raise ZooError(
            f"{bundle} was measured on {manifest['dataset']['name']} with fingerprint "
            f"{manifest['dataset']['fingerprint']}, and this data set has {dataset.fingerprint}; "
            "give the --data-dir it was measured on."
        )
    report = Report(problems=damages(bundle, manifest))
    if report.problems:
        return report
    report.figures = measure_all(bundle, manifest, dataset)
    report.problems += shortfalls(report.figures, max_drop)
    for name, found in report.figures.items():
        stated = manifest["artifacts"][name].get("accuracy")
        if stated is None or abs(stated - found["accuracy"]) > _SAME_ACCURACY:
            report.problems.append(
                f"{name}: the manifest says accuracy {stated} and it is {found['accuracy']:.4f}."
            )
    return report


def check_max_drop(max_drop: float) -> None:
    """Raise one sentence unless it is a number of points from 0 up.

    Raises:
        ZooError: otherwise.
    """
    if not max_drop >= 0:
        raise ZooError(f"The largest drop is {max_drop} points of accuracy; give 0 or more.")


def measure_all(
    bundle: Path, manifest: dict[str, Any], dataset: Dataset
) -> dict[str, dict[str, float]]:
    """Return the figures of every artifact, "keras" first, over the whole test split."""
    frame = measure.frame_of(manifest)
    reference = None
    figures = {}
    for name in manifest["artifacts"]:
        answers = measure.outputs(_runner(bundle, name), dataset.test.x, frame)
        reference = answers if reference is None else reference
        figures[name] = measure.compare(manifest, answers, reference, dataset.test)
    return figures


def shortfalls(figures: dict[str, dict[str, float]], max_drop: float) -> list[str]:
    """Return a sentence for each artifact that answers otherwise than the Keras model."""
    problems = []
    for name, found in figures.items():
        drop = 100 * (figures["keras"]["accuracy"] - found["accuracy"])
        if not np.isfinite(found["largest_difference"]):
            problems.append(f"{name}: some of its answers are not finite.")
        elif name in _FLOAT32 and found["largest_difference"] > TOLERANCE:
            problems.append(
                f"{name}: differs from the Keras model by {found['largest_difference']:.2g}, "
                f"more than {TOLERANCE:g}."
            )
        if drop > max_drop:
            problems.append(
                f"{name}: accuracy {100 * found['accuracy']:.2f} % is {drop:.2f} points below the "
                f"Keras model's, more than {max_drop:g}."
            )
    return problems


def damages(bundle: Path, manifest: dict[str, Any]) -> list[str]:
    """Return a sentence for each file that is missing, changed, or not as its kind must be."""
    problems = []
    for name, entry in manifest["artifacts"].items():
        hashes = entry.get("files") or {entry.get("file"): entry.get("sha256")}
        for file, digest in hashes.items():
            problem = _damage(bundle, str(file), digest)
            if problem:
                problems.append(f"{name}: {problem}")
    if problems:
        return problems
    for name in measure.tflite_artifacts(manifest):
        content = (bundle / manifest["artifacts"][name]["file"]).read_bytes()
        foreign = operations(content)[1]
        if foreign:
            problems.append(f"{name}: needs {', '.join(foreign)}, which boards do not have.")
        if packed_labels(content) != manifest["labels"]:
            problems.append(f"{name}: the labels packed inside are not the manifest's.")
    return problems


def _damage(bundle: Path, file: str, digest: str | None) -> str | None:
    path = bundle / file
    if bundle.resolve() not in path.resolve().parents:
        return f"the path {file!r} leaves the bundle."
    if not path.is_file():
        return f"{file} is missing."
    if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
        return f"{file} is damaged: its sha256 is not the manifest's."
    return None


def _runner(bundle: Path, name: str) -> Callable[[np.ndarray], np.ndarray]:
    """Return the function from a batch to an artifact's outputs."""
    if name == "keras":
        model = components.load_model(bundle)
        return lambda batch: model(batch, training=False).numpy()
    if name == "saved_model":
        signature = tf.saved_model.load(bundle / "saved_model").signatures["serving_default"]
        (given,) = signature.structured_input_signature[1]
        return lambda batch: signature(**{given: tf.constant(batch)})["output"].numpy()
    if name == "onnx":
        from zoo.export.onnx import session

        return session(bundle / "model.onnx")
    return measure.load_quietly(bundle, name).raw

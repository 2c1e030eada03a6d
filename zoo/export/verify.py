"""Verify the files of a bundle: hashes, signatures, and outputs on the whole test set."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from zoo import edge
from zoo.data.dataset import Dataset
from zoo.errors import ZooError
from zoo.export import concatenate, measure
from zoo.export.concatenate import SIGNATURE, operations
from zoo.export.encoded_photos import encoded_photos, truncated
from zoo.export.metadata import packed_labels
from zoo.nn import loading
from zoo.registry.tasks import Limits, Task, task_of
from zoo.utils.files import sha256

# Largest accepted difference between float32 files, which sum in different orders; relative to the
# largest output if that is above 1.
TOLERANCE = 1e-5
# The same for solutions of equations: sums of large terms that cancel, whose rounding depends on
# the order of summation. Their gate is the relative error.
CANCELLING = 5e-5
# Percentage points: another processor sums in another order, which may change a few predictions.
_SAME_POINTS = 0.1
_FLOAT32 = ("saved_model", "float32", "onnx")
_ENCODED = "serve_encoded"
# Seconds between two progress reports.
_REPORT_INTERVAL = 5.0


@dataclass
class Report:
    """The result of a verification.

    Args:
        figures: metrics, agreement and largest difference of each artifact, as measured now.
        problems: one sentence per problem; empty if there are none.
    """

    figures: dict[str, dict[str, Any]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def verify(
    bundle: str | Path,
    dataset: Dataset,
    limits: Limits | None = None,
    say: Callable[[str], None] | None = None,
) -> Report:
    """Check the files of a bundle and measure all of its artifacts.

    Args:
        bundle: the bundle's folder.
        dataset: the data set whose test split is used.
        limits: how far an artifact's metrics may be from the Keras model's.
        say: called with a sentence about each measurement.

    Raises:
        ZooError: if it is not the data set of the bundle.
        edge.BundleError: if the manifest or the labels cannot be read.
    """
    bundle = Path(bundle)
    manifest = edge.read_manifest(bundle)
    measure.check_targets(bundle, manifest, dataset)
    if dataset.fingerprint != manifest["dataset"]["fingerprint"]:
        raise ZooError(
            f"{bundle} was measured on {manifest['dataset']['name']} with fingerprint "
            f"{manifest['dataset']['fingerprint']}, and this data set has {dataset.fingerprint}; "
            "give the --data-dir it was measured on."
        )
    report = Report(problems=damaged_files(bundle, manifest))
    if report.problems:
        return report
    report.figures = measure_all(bundle, manifest, dataset, say)
    task = task_of(manifest)
    report.problems += gate_failures(report.figures, task, limits or Limits())
    for name, found in report.figures.items():
        stated = manifest["artifacts"][name].get("metrics", {})
        report.problems += [
            f"{name}: the manifest says {metric.name} {stated.get(metric.name)}, but it is "
            f"{found['metrics'][metric.name]:.4g}."
            for metric in task.metrics
            if metric.name not in stated
            or not metric.is_near(stated[metric.name], found["metrics"][metric.name], _SAME_POINTS)
        ]
    return report


def measure_all(
    bundle: Path,
    manifest: dict[str, Any],
    dataset: Dataset,
    say: Callable[[str], None] | None = None,
) -> dict[str, dict[str, Any]]:
    """Measure every artifact, "keras" first, on the whole test split.

    Returns:
        By artifact, what `measure.compare` returns. For "keras" also "outputs", its smallest and
        largest output. For "saved_model" of a model of photos also "serve_encoded", which compares
        the signature for encoded photos with the signature for pixels: number of files, agreement,
        largest difference, and whether a damaged file was marked as invalid.
    """
    task = task_of(manifest)
    say = say or (lambda sentence: None)
    frame = edge.frame_of(manifest)
    reference: np.ndarray | None = None
    figures: dict[str, dict[str, Any]] = {}
    for name in manifest["artifacts"]:
        say(f"Measuring {name} on the {len(dataset.test):,} test examples of {dataset.name}.")
        # The Keras model and the SavedModel take any batch size, even if the others do not.
        any_batch = name in ("keras", "saved_model")
        outputs = measure.outputs(
            _runner(bundle, name),
            dataset.test.x,
            frame,
            **({} if any_batch else {"batch_size": measure.batch_size_of(manifest)}),
            progress=_rate_limited(name, say),
        )
        if reference is None:
            reference = outputs
        figures[name] = measure.compare(task, outputs, reference, dataset.test)
        if name == "keras":
            figures[name]["outputs"] = [float(outputs.min()), float(outputs.max())]
    if manifest["input"]["kind"] == "image":
        say("Measuring the SavedModel's signature for encoded photos.")
        figures["saved_model"][_ENCODED] = _measure_encoded(bundle, manifest, dataset)
    return figures


def _rate_limited(name: str, say: Callable[[str], None]) -> Callable[[int, int], None]:
    last_report = time.monotonic()

    def progress(done: int, total: int) -> None:
        nonlocal last_report
        if time.monotonic() - last_report > _REPORT_INTERVAL and done < total:
            last_report = time.monotonic()
            say(f"  {name}: {done:,} of {total:,}.")

    return progress


def _measure_encoded(bundle: Path, manifest: dict[str, Any], dataset: Dataset) -> dict[str, Any]:
    files = encoded_photos(dataset.test.x)
    # Compared with the other signature, not with the Keras model: the question is whether the same
    # pixels are decoded, and some models amplify rounding differences.
    signatures = tf.saved_model.load(bundle / "saved_model").signatures
    photos = [tf.constant(edge.decode(file)[None]) for file in files]
    outputs = [signatures["serving_default"](image=photo)["output"].numpy() for photo in photos]
    expected = np.concatenate(outputs)
    # A damaged file must not affect the others of its batch; TensorFlow prints a warning about it.
    with edge.quiet_stderr():
        found = signatures[_ENCODED](encoded=tf.constant([truncated(files[0]), *files]))
    outputs, valid = found["output"].numpy(), found["valid"].numpy()
    return {
        "files": len(files),
        "agreement": task_of(manifest).agreement(outputs[1:], expected),
        "largest_difference": float(np.max(np.abs(outputs[1:] - expected))),
        "broken_told": bool(valid[1:].all() and not valid[0] and np.isnan(outputs[0]).all()),
    }


def gate_failures(figures: dict[str, dict[str, Any]], task: Task, limits: Limits) -> list[str]:
    """Return a sentence for each way in which an artifact differs too much from the Keras model."""
    keras_model = figures["keras"]
    share = CANCELLING if task.primary.is_relative else TOLERANCE
    tolerance = share * max(1.0, *(abs(output) for output in keras_model["outputs"]))
    problems = []
    for name, found in figures.items():
        if not np.isfinite(found["largest_difference"]):
            problems.append(f"{name}: some of its outputs are not finite.")
        elif name in _FLOAT32 and found["largest_difference"] > tolerance:
            problems.append(
                f"{name}: differs from the Keras model by {found['largest_difference']:.2g}, "
                f"more than {tolerance:.2g}."
            )
        failures = task.gate_failures(found, keras_model, limits)
        problems += [f"{name}: {problem}" for problem in failures]
        problems += _encoded_failures(name, found.get(_ENCODED), tolerance)
    return problems


def _encoded_failures(name: str, found: dict[str, Any] | None, tolerance: float) -> list[str]:
    problems = []
    if found and not found["largest_difference"] <= tolerance:
        problems.append(
            f"{name}: its outputs for encoded photos differ from those for their pixels by "
            f"{found['largest_difference']:.2g}, more than {tolerance:.2g}."
        )
    if found and not found["broken_told"]:
        problems.append(
            f"{name}: a damaged file in a batch is not marked as invalid, or others are."
        )
    return problems


def damaged_files(bundle: Path, manifest: dict[str, Any]) -> list[str]:
    """Return a sentence for each file that is missing, changed or malformed."""
    problems = []
    for name, entry in manifest["artifacts"].items():
        hashes = entry.get("files") or {entry.get("file"): entry.get("sha256")}
        for file, digest in hashes.items():
            problem = _file_problem(bundle, str(file), digest)
            if problem:
                problems.append(f"{name}: {problem}")
    if problems:
        return problems
    for name in measure.tflite_artifacts(manifest):
        content = (bundle / manifest["artifacts"][name]["file"]).read_bytes()
        custom = operations(content)[1]
        if custom:
            problems.append(
                f"{name}: needs {', '.join(custom)}, which the interpreter on boards does not have."
            )
        wanted = (manifest["input"]["name"], "output")
        if concatenate.signatures(content) != {SIGNATURE: wanted}:
            problems.append(f"{name}: has no signature {SIGNATURE} from {wanted[0]} to output.")
        if packed_labels(content) != edge.names_of(manifest):
            problems.append(f"{name}: the labels in the file differ from the manifest's.")
    return problems


def _file_problem(bundle: Path, file: str, digest: str | None) -> str | None:
    path = bundle / file
    if bundle.resolve() not in path.resolve().parents:
        return f"the path {file!r} leaves the bundle."
    if not path.is_file():
        return f"{file} is missing."
    if sha256(path) != digest:
        return f"{file} is damaged: its sha256 is not the manifest's."
    return None


def _runner(bundle: Path, name: str) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function that maps a batch to an artifact's outputs."""
    if name == "keras":
        model = loading.load_model(bundle)
        return lambda batch: model(batch, training=False).numpy()
    if name == "saved_model":
        signature = tf.saved_model.load(bundle / "saved_model").signatures["serving_default"]
        (given,) = signature.structured_input_signature[1]
        return lambda batch: signature(**{given: tf.constant(batch)})["output"].numpy()
    if name == "onnx":
        from zoo.export.onnx import session

        return session(bundle / "model.onnx")
    return measure.load_quietly(bundle, name).raw

"""Every file of a bundle against its hash, its contract, the Keras model and the whole test set."""

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

# float32 arithmetic in another order; more than this, of outputs up to 1 or as a share of the
# largest, is another computation.
TOLERANCE = 1e-5
# Another processor sums in another order, which may turn a decision at the threshold.
_SAME_POINTS = 0.1
_FLOAT32 = ("saved_model", "float32", "onnx")
_ENCODED = "serve_encoded"
# Seconds between two reports of one measurement.
_PACE = 5.0


@dataclass
class Report:
    """What a verification found.

    Args:
        figures: artifact → metrics, agreement, largest difference, measured now.
        problems: sentences; none if the bundle is sound.
    """

    figures: dict[str, dict[str, Any]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def verify(
    bundle: str | Path,
    dataset: Dataset,
    limits: Limits | None = None,
    say: Callable[[str], None] | None = None,
) -> Report:
    """Check a bundle and measure all of its artifacts.

    Args:
        bundle: the bundle's folder.
        dataset: whose test split is measured on.
        limits: how far an artifact's figures may lie from the Keras model's.
        say: told in a sentence what is measured.

    Raises:
        ZooError: if the data set is another than the bundle's.
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
            f"{name}: the manifest says {metric.name} {stated.get(metric.name)} and it is "
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
    """Return the figures of every artifact, "keras" first, over the whole test split.

    Those of the SavedModel hold those of its second signature on encoded test photos, under
    "serve_encoded": how many files, agreement and largest difference from what its first signature
    answers to the pixels of `edge.decode`, and whether a broken file was told from the others.
    Those of "keras" hold "outputs", the smallest and the largest of its outputs.
    """
    task = task_of(manifest)
    say = say or (lambda sentence: None)
    frame = edge.frame_of(manifest)
    reference: np.ndarray | None = None
    figures: dict[str, dict[str, Any]] = {}
    for name in manifest["artifacts"]:
        say(f"Measuring {name} on the {len(dataset.test):,} test examples of {dataset.name}.")
        # The Keras model and the SavedModel take any batch, also where the others have one shape.
        whole = name in ("keras", "saved_model")
        together = measure.batch_size_of(manifest)
        answers = measure.outputs(
            _runner(bundle, name),
            dataset.test.x,
            frame,
            **({} if whole else {"together": together}),
            progress=_rate_limited(name, say),
        )
        if reference is None:
            reference = answers
        figures[name] = measure.compare(task, answers, reference, dataset.test)
        if name == "keras":
            figures[name]["outputs"] = [float(answers.min()), float(answers.max())]
    if manifest["input"]["kind"] == "image":
        say("Measuring the SavedModel's signature for encoded photos.")
        figures["saved_model"][_ENCODED] = _measure_encoded(bundle, manifest, dataset)
    return figures


def _rate_limited(name: str, say: Callable[[str], None]) -> Callable[[int, int], None]:
    told = time.monotonic()

    def progress(done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told > _PACE and done < total:
            told = time.monotonic()
            say(f"  {name}: {done:,} of {total:,}.")

    return progress


def _measure_encoded(bundle: Path, manifest: dict[str, Any], dataset: Dataset) -> dict[str, Any]:
    files = encoded_photos(dataset.test.x)
    # Its other signature has been measured against the Keras model: what is asked here is whether
    # the same pixels are read, also of a model whose answer jumps where a sum is rounded.
    signatures = tf.saved_model.load(bundle / "saved_model").signatures
    photos = [tf.constant(edge.decode(file)[None]) for file in files]
    answered = [signatures["serving_default"](image=photo)["output"].numpy() for photo in photos]
    expected = np.concatenate(answered)
    # The broken one stands among the others, which it must not disturb; TensorFlow grumbles at it.
    with edge.quiet_stderr():
        found = signatures[_ENCODED](encoded=tf.constant([truncated(files[0]), *files]))
    answers, valid = found["output"].numpy(), found["valid"].numpy()
    return {
        "files": len(files),
        "agreement": task_of(manifest).agreement(answers[1:], expected),
        "largest_difference": float(np.max(np.abs(answers[1:] - expected))),
        "broken_told": bool(valid[1:].all() and not valid[0] and np.isnan(answers[0]).all()),
    }


def gate_failures(figures: dict[str, dict[str, Any]], task: Task, limits: Limits) -> list[str]:
    """Return a sentence for each artifact that answers otherwise than the Keras model."""
    keras_model = figures["keras"]
    tolerance = TOLERANCE * max(1.0, *(abs(output) for output in keras_model["outputs"]))
    problems = []
    for name, found in figures.items():
        if not np.isfinite(found["largest_difference"]):
            problems.append(f"{name}: some of its answers are not finite.")
        elif name in _FLOAT32 and found["largest_difference"] > tolerance:
            problems.append(
                f"{name}: differs from the Keras model by {found['largest_difference']:.2g}, "
                f"more than {tolerance:.2g}."
            )
        beyond = task.gate_failures(found, keras_model, limits)
        problems += [f"{name}: {problem}" for problem in beyond]
        problems += _encoded_failures(name, found.get(_ENCODED), tolerance)
    return problems


def _encoded_failures(name: str, found: dict[str, Any] | None, tolerance: float) -> list[str]:
    problems = []
    if found and not found["largest_difference"] <= tolerance:
        problems.append(
            f"{name}: of encoded photos its answers differ from those to their pixels by "
            f"{found['largest_difference']:.2g}, more than {tolerance:.2g}."
        )
    if found and not found["broken_told"]:
        problems.append(f"{name}: a broken file is not told from the others of its batch.")
    return problems


def damaged_files(bundle: Path, manifest: dict[str, Any]) -> list[str]:
    """Return a sentence for each file that is missing, changed, or not as its kind must be."""
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
        foreign = operations(content)[1]
        if foreign:
            problems.append(f"{name}: needs {', '.join(foreign)}, which boards do not have.")
        wanted = (manifest["input"]["name"], "output")
        if concatenate.signatures(content) != {SIGNATURE: wanted}:
            problems.append(f"{name}: has no signature {SIGNATURE} from {wanted[0]} to output.")
        if packed_labels(content) != edge.names_of(manifest):
            problems.append(f"{name}: the labels packed inside are not the manifest's.")
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
    """Return the function from a batch to an artifact's outputs."""
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

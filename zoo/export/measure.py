"""Measure the files of a bundle on a test set, each with the runtime it is made for."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from zoo import edge
from zoo.data.dataset import Dataset, Split, with_units
from zoo.data.photos import Photos
from zoo.errors import ZooError
from zoo.registry.tasks import Task, task_of

_BATCH = 250
_FRAMED_PIXELS = 2**22


def outputs(
    predict: Callable[[np.ndarray], np.ndarray],
    examples: np.ndarray | Photos,
    frame: tuple[int, int] | None = None,
    batch_size: int = _BATCH,
    progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """Return a model's outputs for all examples, float32 (examples, outputs).

    Args:
        predict: from a batch to its outputs.
        examples: x of one split.
        frame: (height, width) if the model takes photos of one size only.
        batch_size: largest number of examples per batch; 1 for a file with a fixed shape.
        progress: called with (done, total) after each batch.
    """
    found, done = [], 0
    for batch in batches(examples, frame, batch_size):
        found.append(predict(batch))
        done += len(batch)
        if progress:
            progress(done, len(examples))
    return np.concatenate(found)


def batches(
    examples: np.ndarray | Photos,
    frame: tuple[int, int] | None = None,
    batch_size: int = _BATCH,
) -> Iterator[np.ndarray]:
    """Yield the examples in order, in batches if they have one size, else one at a time."""
    if frame is not None:
        # Limits the memory of a batch if the frame is large.
        batch_size = max(1, min(batch_size, _FRAMED_PIXELS // (frame[0] * frame[1])))
        photos = (edge.fit_frame(np.asarray(photo), *frame) for photo in examples)
        while chunk := list(itertools.islice(photos, batch_size)):
            yield np.stack(chunk)
    elif isinstance(examples, np.ndarray):
        for at in range(0, len(examples), batch_size):
            yield np.ascontiguousarray(examples[at : at + batch_size])
    else:
        for photo in examples:
            yield photo[None]


def batch_size_of(manifest: dict[str, Any]) -> int:
    """Return the largest batch size for the TFLite and ONNX files of a bundle."""
    return _BATCH if manifest["input"]["shape"][0] is None else 1


def load_quietly(bundle: str | Path, artifact: str) -> edge.Model:
    """Load an artifact, hiding the messages that the interpreter prints."""
    with edge.quiet_stderr():
        return edge.load(bundle, artifact)


def tflite_artifacts(manifest: dict[str, Any]) -> list[str]:
    """Return the names of a manifest's `.tflite` artifacts."""
    return [
        name
        for name, entry in manifest["artifacts"].items()
        if str(entry.get("file", "")).endswith(".tflite")
    ]


def compare(task: Task, outputs: np.ndarray, reference: np.ndarray, split: Split) -> dict[str, Any]:
    """Return how a file's outputs on a split compare with the targets and a reference.

    Returns:
        "metrics" of the task, "agreement" with the reference (0…1) and "largest_difference" from
        it.
    """
    return {
        "metrics": task.measure(outputs, split.y),
        "agreement": task.agreement(outputs, reference),
        "largest_difference": float(np.max(np.abs(outputs - reference))),
    }


def check_targets(bundle: Path, manifest: dict[str, Any], dataset: Dataset) -> None:
    """Check that a data set has the labels, or values, of a bundle.

    Raises:
        ZooError: if they differ; the message names both.
    """
    wanted = with_units(edge.names_of(manifest), manifest["output"].get("units"))
    given = dataset.target_names
    if given != wanted:
        what = "labels" if dataset.labels else "values"
        raise ZooError(
            f"{bundle} predicts {', '.join(wanted)}, but the {what} of the data set "
            f"{dataset.name} are {', '.join(given)}."
        )


def evaluate_bundle(bundle: str | Path, dataset: Dataset) -> dict[str, dict[str, float]]:
    """Return the metrics of every `.tflite` artifact of a bundle on the test split.

    Raises:
        ZooError: if the data set's labels or values are not the bundle's.
        edge.BundleError: if the bundle is damaged.
    """
    bundle = Path(bundle)
    manifest = edge.read_manifest(bundle)
    check_targets(bundle, manifest, dataset)
    task = task_of(manifest)
    return {
        name: task.measure(
            outputs(
                load_quietly(bundle, name).raw,
                dataset.test.x,
                edge.frame_of(manifest),
                batch_size_of(manifest),
            ),
            dataset.test.y,
        )
        for name in tflite_artifacts(manifest)
    }

"""What every file of a bundle answers on a whole test set, through the runtimes that serve it."""

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
    together: int = _BATCH,
    progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """Return a model's outputs for all examples, float32 (examples, outputs).

    Args:
        predict: from a batch to its outputs.
        examples: of one split.
        frame: (height, width) if the model takes photos of one size only.
        together: examples of one size per batch, at most; 1 for a file of fixed shapes.
        progress: called with (done, total) after each batch.
    """
    found, done = [], 0
    for batch in batches(examples, frame, together):
        found.append(predict(batch))
        done += len(batch)
        if progress:
            progress(done, len(examples))
    return np.concatenate(found)


def batches(
    examples: np.ndarray | Photos,
    frame: tuple[int, int] | None = None,
    together: int = _BATCH,
) -> Iterator[np.ndarray]:
    """Yield the examples in order: many at a time if they have one size, else one by one."""
    if frame is not None:
        # A few megabytes of pixels at a time, however large the frame is.
        together = max(1, min(together, _FRAMED_PIXELS // (frame[0] * frame[1])))
        photos = (edge.fit_frame(np.asarray(photo), *frame) for photo in examples)
        while chunk := list(itertools.islice(photos, together)):
            yield np.stack(chunk)
    elif isinstance(examples, np.ndarray):
        for at in range(0, len(examples), together):
            yield np.ascontiguousarray(examples[at : at + together])
    else:
        for photo in examples:
            yield photo[None]


def batch_size_of(manifest: dict[str, Any]) -> int:
    """Return how many examples the TFLite and ONNX files of a bundle take at once, at most."""
    return _BATCH if manifest["input"]["shape"][0] is None else 1


def load_quietly(bundle: str | Path, artifact: str) -> edge.Model:
    """Load an artifact without the interpreter's greeting in the middle of a progress report."""
    with edge.quiet_stderr():
        return edge.load(bundle, artifact)


def tflite_artifacts(manifest: dict[str, Any]) -> list[str]:
    """Return the names of a manifest's `.tflite` artifacts."""
    return [
        name
        for name, entry in manifest["artifacts"].items()
        if str(entry.get("file", "")).endswith(".tflite")
    ]


def compare(task: Task, answers: np.ndarray, reference: np.ndarray, split: Split) -> dict[str, Any]:
    """Return the figures of a file's outputs on a split.

    Returns:
        "metrics" of the task, "agreement" with the reference, 0…1, "largest_difference" from it.
    """
    return {
        "metrics": task.measure(answers, split.y),
        "agreement": task.agreement(answers, reference),
        "largest_difference": float(np.max(np.abs(answers - reference))),
    }


def check_targets(bundle: Path, manifest: dict[str, Any], dataset: Dataset) -> None:
    """Raise one sentence unless the data set's labels, or values, are the bundle's.

    Raises:
        ZooError: naming both.
    """
    wanted = with_units(edge.names_of(manifest), manifest["output"].get("units"))
    given = dataset.target_names
    if given != wanted:
        what = "labels" if dataset.labels else "values"
        raise ZooError(
            f"{bundle} answers with {', '.join(wanted)}, but the {what} of the data set "
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

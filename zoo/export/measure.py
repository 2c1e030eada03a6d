"""What a bundle's file answers on a whole test set, through the very runtime that boards use."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from zoo import edge
from zoo.data import Split
from zoo.errors import ZooError

_BATCH = 250


def answers(model: edge.Model, examples) -> np.ndarray:
    """Return a loaded artifact's outputs for all examples, float32 (examples, outputs)."""
    return np.concatenate([model.raw(batch) for batch in batches(examples)])


def load_quietly(bundle, artifact: str) -> edge.Model:
    """Load an artifact without the interpreter's greeting in the middle of a progress report."""
    with edge.quiet_stderr():
        return edge.load(bundle, artifact)


def batches(examples) -> Iterator[np.ndarray]:
    """Yield the examples in order: many at a time if they have one size, else one by one."""
    if isinstance(examples, np.ndarray):
        for at in range(0, len(examples), _BATCH):
            yield np.ascontiguousarray(examples[at : at + _BATCH])
    else:
        for photo in examples:
            yield photo[None]


def decisions(manifest: dict, outputs: np.ndarray) -> np.ndarray:
    """Return the index of the label that each row of outputs stands for."""
    if manifest["output"]["decision"] == "argmax":
        return outputs.argmax(axis=1)
    return (outputs[:, 0] >= manifest["output"]["threshold"]).astype(np.int64)


def accuracy(manifest: dict, outputs: np.ndarray, split: Split) -> float:
    """Return the share of right decisions; `split.y` holds label indices."""
    return float(np.mean(decisions(manifest, outputs) == split.y))


def evaluate_bundle(bundle, dataset) -> dict[str, float]:
    """Return the test accuracy of every `.tflite` artifact of a bundle.

    Raises:
        ZooError: if the data set's labels are not the bundle's.
        edge.BundleError: if the bundle is damaged.
    """
    manifest = edge.read_manifest(bundle)
    if list(dataset.labels) != manifest["labels"]:
        raise ZooError(
            f"{bundle} answers with {', '.join(manifest['labels'])}, but the data set "
            f"{dataset.name} is labelled {', '.join(dataset.labels)}."
        )
    figures = {}
    for name, entry in manifest["artifacts"].items():
        if str(entry.get("file", "")).endswith(".tflite"):
            outputs = answers(load_quietly(bundle, name), dataset.test.x)
            figures[name] = accuracy(manifest, outputs, dataset.test)
    return figures

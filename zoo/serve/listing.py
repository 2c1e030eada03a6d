"""What the page lists of each bundle, all of it from its manifest."""

from __future__ import annotations

from typing import Any


def listed(name: str, manifest: dict[str, Any]) -> dict[str, Any]:
    """Return what a page needs to know of a bundle before it asks it.

    Returns:
        "name"; "kind" of input, "image" or "vector"; "inputs", numbers or channels; "labels";
        "threshold" of the one output, None where the largest output wins; "dataset", "split" and
        "examples" that the accuracies were measured on; "artifacts" that run here, each with
        "bytes" and "accuracy", a share, None where none was measured.
    """
    dataset = manifest.get("dataset") or {}
    return {
        "name": name,
        "kind": manifest["input"]["kind"],
        "inputs": manifest["input"]["shape"][-1],
        "labels": manifest["labels"],
        "threshold": manifest["output"].get("threshold"),
        "dataset": dataset.get("name"),
        "split": dataset.get("split"),
        "examples": dataset.get("examples"),
        "artifacts": {
            artifact: {key: entry.get(key) for key in ("bytes", "accuracy")}
            for artifact, entry in manifest["artifacts"].items()
            if str(entry.get("file", "")).endswith(".tflite")
        },
    }

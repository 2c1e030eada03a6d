"""The summary of each model that the page shows, taken from the bundle's manifest."""

from __future__ import annotations

from typing import Any


def model_summary(name: str, manifest: dict[str, Any]) -> dict[str, Any]:
    """Return what the page needs to know of a model before it predicts with it.

    Returns:
        "name"; "kind" of input, "image" or "vector"; "inputs", the number of inputs or channels;
        "labels"; "threshold" of the single output, None if the largest of several outputs decides;
        "dataset", "split" and "examples" that the accuracies were measured on; "artifacts" that
        run here, each with "bytes" and "accuracy" (0…1, None if it was not measured).
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

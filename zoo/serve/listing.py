"""What the page lists of each bundle, all of it from its manifest."""

from __future__ import annotations

from typing import Any


def listed(name: str, manifest: dict[str, Any]) -> dict[str, Any]:
    """Return what a page needs to know of a bundle before it asks it.

    Returns:
        "name"; "kind" of input, "image" or "vector"; "inputs", numbers or channels; "labels",
        none where it answers with values; "names" and "units" of the outputs;
        "threshold" of the one output, None where the largest output wins; "dataset", "split" and
        "examples" that the accuracies were measured on; "artifacts" that run here, each with
        "bytes", the "metrics" measured, and "accuracy", a share, None where none was.
    """
    dataset = manifest.get("dataset") or {}
    return {
        "name": name,
        "kind": manifest["input"]["kind"],
        "inputs": manifest["input"]["shape"][-1],
        "labels": manifest.get("labels", []),
        "names": manifest["output"]["names"],
        "units": manifest["output"].get("units"),
        "threshold": manifest["output"].get("threshold"),
        "dataset": dataset.get("name"),
        "split": dataset.get("split"),
        "examples": dataset.get("examples"),
        "artifacts": {
            artifact: {
                "bytes": entry.get("bytes"),
                "metrics": entry.get("metrics", {}),
                "accuracy": entry.get("metrics", {}).get("accuracy"),
            }
            for artifact, entry in manifest["artifacts"].items()
            if str(entry.get("file", "")).endswith(".tflite")
        },
    }

"""The summary of each model that the page shows, taken from the bundle's manifest."""

from __future__ import annotations

from typing import Any


def model_summary(name: str, manifest: dict[str, Any]) -> dict[str, Any]:
    """Return what the page needs to know of a model before it predicts with it.

    Returns:
        "name"; "kind" of input, "image" or "vector"; "inputs", the number of inputs or channels;
        "labels", empty for a model that predicts values; "names" and "units" of the outputs;
        "threshold" of the single output, None if the largest of several outputs decides;
        "dataset", "split" and "examples" that the metrics were measured on; "artifacts" that run
        here, each with "bytes", its "metrics", and "accuracy" (0…1, None if it was not measured).
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

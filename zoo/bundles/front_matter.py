"""The metadata at the beginning of a model card, as the Hugging Face hub reads it.

It is YAML between two lines of three dashes: licence, library, task, tags, data sets and the
measured figures (https://huggingface.co/docs/hub/model-cards). All of it comes from the manifest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

# The hub's names of the data sets that it has too.
_HUB_DATASETS = {"cifar10": "uoft-cs/cifar10", "cats_vs_dogs": "microsoft/cats_vs_dogs"}
# (kind of input, whether it predicts labels) → the hub's name of the task.
_TASKS = {
    ("image", True): "image-classification",
    ("vector", True): "tabular-classification",
    ("vector", False): "tabular-regression",
}
# Models of photos that predict values: what the values are is told by the metric.
_PICTURE_TASKS = {"pck": "keypoint-detection", "iou": "object-detection"}
_BLOCK = re.compile(r"\A---[ \t]*\r?\n(?:.*?\r?\n)?---[ \t]*(?:\r?\n|\Z)(?:\r?\n)*", re.DOTALL)


def front_matter(manifest: Mapping[str, Any], licence: str | None) -> str:
    """Return the metadata of a bundle's card, from "---" to "---" and a line break.

    Args:
        manifest: of the bundle.
        licence: the hub's name of the model's licence; None leaves it out.
    """
    artifacts = manifest["artifacts"]
    formats = ["keras"] if "keras" in artifacts else []
    formats += ["tf-saved-model"] if "saved_model" in artifacts else []
    formats += ["tflite", "litert"] if _tflite(artifacts) else []
    formats += ["onnx"] if "onnx" in artifacts else []
    task = pipeline_tag(manifest)
    hub_name = _HUB_DATASETS.get(manifest["dataset"]["name"])
    content = {
        **({"license": licence} if licence else {}),
        "library_name": "lecture-zoo",
        **({"pipeline_tag": task} if task else {}),
        "tags": [*formats, "education", "neural-network"],
        **({"datasets": [hub_name]} if hub_name else {}),
        "model-index": [{"name": manifest["name"], "results": [_result(manifest, task)]}],
    }
    return "\n".join(["---", *_yaml(content), "---", ""])


def pipeline_tag(manifest: Mapping[str, Any]) -> str | None:
    """Return the hub's name of a bundle's task, or None if it has none."""
    kind, labels = manifest["input"]["kind"], bool(manifest.get("labels"))
    if (kind, labels) in _TASKS:
        return _TASKS[kind, labels]
    measured = _figures(manifest)
    return next((tag for name, tag in _PICTURE_TASKS.items() if name in measured), None)


def without_front_matter(card: str) -> str:
    r"""Return a card's Markdown without the metadata at its beginning, if it has any.

    >>> without_front_matter("---\nlicense: mit\n---\n\n# perceptron\n")
    '# perceptron\n'
    >>> without_front_matter("# perceptron\n\n---\n")
    '# perceptron\n\n---\n'
    """
    return _BLOCK.sub("", card.removeprefix("\ufeff"), count=1)


def _result(manifest: Mapping[str, Any], task: str | None) -> dict[str, Any]:
    dataset = manifest["dataset"]
    return {
        "task": {"type": task or "other"},
        "dataset": {
            "name": dataset["name"],
            "type": _HUB_DATASETS.get(dataset["name"], dataset["name"]),
            "split": dataset.get("split", "test"),
            "args": {"fingerprint": dataset["fingerprint"], "examples": dataset["examples"]},
        },
        "metrics": [
            {"type": metric, "value": figure, "name": f"{metric}, {artifact}"}
            for artifact, entry in manifest["artifacts"].items()
            for metric, figure in entry.get("metrics", {}).items()
        ],
    }


def _figures(manifest: Mapping[str, Any]) -> set[str]:
    return {name for entry in manifest["artifacts"].values() for name in entry.get("metrics", {})}


def _tflite(artifacts: Mapping[str, Any]) -> bool:
    return any(str(entry.get("file", "")).endswith(".tflite") for entry in artifacts.values())


def _yaml(value: Any) -> list[str]:
    """Return the lines of nested dicts and lists as YAML in block style."""
    lines = []
    if isinstance(value, dict):
        for key, part in value.items():
            if isinstance(part, dict | list):
                lines += [f"{key}:", *(f"  {line}" for line in _yaml(part))]
            else:
                lines.append(f"{key}: {_scalar(part)}")
        return lines
    for part in value:
        first, *rest = _yaml(part) if isinstance(part, dict | list) else [_scalar(part)]
        lines += [f"- {first}", *(f"  {line}" for line in rest)]
    return lines


def _scalar(value: Any) -> str:
    """Return a text or number as YAML: a plain word if it is one, else as JSON, which YAML is."""
    if isinstance(value, str) and re.fullmatch("[a-z][a-z0-9]*(?:[-/][a-z0-9]+)+", value):
        return value
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    # YAML 1.1 takes 1e-07 for a text, and 1.0e-07 for a number.
    return re.sub("^(-?[0-9]+)e", r"\1.0e", text) if isinstance(value, float) else text

"""The steps of slide 16 for a linear model, read from the interpreter: gray → x → W ⊙ x → Σ + b.

The interpreter of the float32 file is created with all tensors preserved. A linear model has one
fully connected operation, whose inputs are x, W and b. An interpreter never releases its peak
memory, and preserving tensors takes much of it, so it is created for each photo, from bytes whose
sha256 was checked, and then dropped.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np

from zoo import edge


class Slide:
    """Computes the steps of slide 16 for one bundle with a float32 file.

    Args:
        bundle: the bundle's folder.

    Raises:
        edge.BundleError: if the bundle or its float32 file is damaged.
    """

    def __init__(self, bundle: Path):
        self._lock = threading.Lock()
        self._content = None
        manifest = edge.of_present_files(bundle, edge.read_manifest(bundle))
        if manifest["input"]["kind"] != "image" or "float32" not in manifest["artifacts"]:
            return
        content = edge.artifact_bytes(bundle, manifest, "float32")
        interpreter = _interpreter(content)
        dense = [op for op in interpreter._get_ops_details() if op["op_name"] == "FULLY_CONNECTED"]
        if len(dense) == 1:
            self._content = content
            self._x, self._weights, self._bias = (int(index) for index in dense[0]["inputs"][:3])
            self._logits = int(dense[0]["outputs"][0])

    def numbers(self, photo: np.ndarray) -> dict[str, Any] | None:
        """Return the steps for a photo, uint8 (h, w, 3); None if the model is not linear.

        Returns:
            "size" and "channels" of x; "output", the index of the largest logit; "x"
            (size² · channels,), −1…1; the "weights" of that output and their "products" with x, of
            the same shape; the "sum" of the products, the "bias" and the "logit".
        """
        if self._content is None:
            return None
        # One photo at a time: each takes 100 bytes per pixel.
        with self._lock:
            interpreter = _interpreter(self._content)
            given = interpreter.get_input_details()[0]
            fixed = [int(size) for size in given["shape_signature"][1:3]]
            frame = photo if fixed[0] < 0 else edge.fit_frame(photo, *fixed)
            interpreter.resize_tensor_input(given["index"], (1, *frame.shape))
            interpreter.allocate_tensors()
            interpreter.set_tensor(given["index"], frame[None])
            interpreter.invoke()
            x, weights, bias, logits = (
                interpreter.get_tensor(index)
                for index in (self._x, self._weights, self._bias, self._logits)
            )
        x, logits = x.ravel(), logits.ravel()
        winner = int(logits.argmax())
        weights = weights.reshape(len(logits), -1)[winner]
        size, channels = _square(len(x))
        if not size:
            return None
        products = weights * x
        return {
            "size": size,
            "channels": channels,
            "output": winner,
            "x": _rounded(x),
            "weights": _rounded(weights),
            "products": _rounded(products),
            "sum": float(products.sum(dtype=np.float64)),
            "bias": float(bias.ravel()[winner]),
            "logit": float(logits[winner]),
        }


def _interpreter(content: bytes) -> Any:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    with edge.quiet_stderr():
        return Interpreter(
            model_content=content,
            # A delegate would not expose the intermediate tensors.
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
            experimental_preserve_all_tensors=True,
        )


def _square(features: int) -> tuple[int, int]:
    """Return side and channels of the square image with this number of features; 0, 0 if none."""
    for channels in (1, 3):
        side = round((features / channels) ** 0.5)
        if side * side * channels == features:
            return side, channels
    return 0, 0


def _rounded(numbers: np.ndarray) -> list[float]:
    return [float(f"{number:.4g}") for number in numbers.tolist()]

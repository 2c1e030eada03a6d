"""Keras model → ONNX, checked before it is given out; for TensorRT and onnxruntime."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np
import tensorflow as tf

from zoo.errors import ZooError
from zoo.export import float16
from zoo.export.subprocesses import run_in_subprocess
from zoo.nn import loading

if TYPE_CHECKING:
    import onnx

# TensorRT 8.5, the oldest that JetPack 5 ships, reads up to 17.
OPSET = 17


def write_onnx(model_path: Path, path: Path, frame: tuple[int, int] | None = None) -> None:
    """Write a `model.keras` as ONNX; the same file gives the same bytes.

    Args:
        model_path: of the Keras model.
        path: of the ONNX file.
        frame: (height, width) to fix a photo's size to, with a batch of 1; None for any.

    Raises:
        ZooError: if tf2onnx is not installed, or what it writes is not valid.
    """
    for package in ("tf2onnx", "onnx", "onnxruntime"):
        if importlib.util.find_spec(package) is None:
            raise ZooError(f'--onnx needs {package}; run: pip install "lecture-zoo[train,onnx]"')
    run_in_subprocess("zoo.export.onnx", model_path, path, *(frame or ()))


def convert(model: keras.Model, path: Path, frame: tuple[int, int] | None) -> None:
    """Convert a model and check the file with ONNX's own checker, which raises what it finds.

    Large weights that float16 holds exactly are stored so; runtimes read them once, as they load.
    """
    import onnx
    import tf2onnx

    from zoo.export.canonical import canonical

    given = model.inputs[0]
    shape = given.shape if frame is None else (1, *frame, 3)
    inputs = tf.TensorSpec(shape, given.dtype, name=given.name)
    serve = tf.function(lambda x: {"output": model(x, training=False)}, input_signature=[inputs])
    written, _ = tf2onnx.convert.from_function(serve, [inputs], opset=OPSET)
    _store_in_half(written.graph)
    written = canonical(written)
    _name_axes(written.graph, given.name)
    # tf2onnx keeps an operation it does not know as it is, without a word.
    onnx.checker.check_model(written, full_check=True)
    path.write_bytes(written.SerializeToString(deterministic=True))


def _name_axes(graph: onnx.GraphProto, given: str) -> None:
    """Name the axes of any size, which tf2onnx numbers, so that tools can set them."""
    names = ("batch", "height", "width") if given == "image" else ("batch",)
    for value in (*graph.input, *graph.output):
        axes = value.type.tensor_type.shape.dim
        for name, axis in zip(names, axes, strict=False):
            if not axis.HasField("dim_value"):
                axis.dim_param = name
    # Shapes that were inferred on the way still have the numbers.
    del graph.value_info[:]


def _store_in_half(graph: onnx.GraphProto) -> None:
    from onnx import TensorProto, helper, numpy_helper

    for tensor in graph.initializer:
        array = numpy_helper.to_array(tensor)
        if float16.is_exact(array):
            name, stored = tensor.name, f"{tensor.name}/float16"
            tensor.CopyFrom(numpy_helper.from_array(array.astype(np.float16), stored))
            cast = helper.make_node("Cast", [stored], [name], to=TensorProto.FLOAT)
            # A graph's nodes come after what they read.
            graph.node.insert(0, cast)


def session(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    """Return the function from a batch to an ONNX file's outputs, through onnxruntime.

    Raises:
        ZooError: if onnxruntime is not installed.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise ZooError(
            'An ONNX file needs onnxruntime; run: pip install "lecture-zoo[onnx]"'
        ) from error
    runtime = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = runtime.get_inputs()[0].name
    return lambda batch: runtime.run(None, {name: batch})[0]


if __name__ == "__main__":
    _height, _width = map(int, sys.argv[3:] or (0, 0))
    convert(
        loading.load_model(sys.argv[1]),
        Path(sys.argv[2]),
        (_height, _width) if _height else None,
    )

"""Labels and the input's description inside a `.tflite` file, where other tools look for them.

The layout is TensorFlow Lite's metadata schema (identifier M001), which MediaPipe's tasks read: a
table in a buffer named TFLITE_METADATA, and the labels as a zip archive after the model. The
tables are few, so their fields are written by number; no package that knows them is maintained.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Any

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

from zoo import edge
from zoo.export.concatenate import read_model, write_model

_NAME = b"TFLITE_METADATA"
_IDENTIFIER = b"M001"
_LABELS = "labels.txt"
_AXIS_LABELS, _VALUE_LABELS = 2, 3
_IMAGE_PROPERTIES, _RGB = 2, 1


def with_metadata(content: bytes, manifest: dict[str, Any]) -> bytes:
    """Return a `.tflite` file with a bundle's contract and labels packed inside.

    Args:
        content: the file without them.
        manifest: for its name, labels, input and output.
    """
    model = read_model(content)
    buffer = schema.BufferT()
    buffer.data = list(_metadata(manifest))
    model.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name, entry.buffer = _NAME, len(model.buffers) - 1
    model.metadata = [*(model.metadata or []), entry]
    archive = io.BytesIO(write_model(model))
    archive.seek(0, io.SEEK_END)
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_STORED) as zipped:
        # A fixed date: the same model gives the same bytes.
        labels = zipfile.ZipInfo(_LABELS, (1980, 1, 1, 0, 0, 0))
        zipped.writestr(labels, "".join(f"{name}\n" for name in edge.names_of(manifest)))
    return archive.getvalue()


def packed_labels(content: bytes) -> list[str]:
    """Return the labels packed inside a `.tflite` file."""
    with zipfile.ZipFile(io.BytesIO(content)) as zipped:
        return zipped.read(_LABELS).decode().splitlines()


def _metadata(manifest: dict[str, Any]) -> bytes:
    builder = flatbuffers.Builder(512)
    given, answer = manifest["input"], manifest["output"]
    content = None
    if given["kind"] == "image":
        properties = _table(builder, 2, {0: ("int8", _RGB)})
        content = _table(builder, 3, {0: ("uint8", _IMAGE_PROPERTIES), 1: ("offset", properties)})
    # A threshold's one output stands for both labels; else each output has its name.
    kind = _VALUE_LABELS if answer["decision"] == "threshold" else _AXIS_LABELS
    labels = _table(builder, 5, {0: ("offset", builder.CreateString(_LABELS)), 2: ("int8", kind)})
    inputs = _tensor(builder, given["name"], given["description"], content=content)
    outputs = _tensor(builder, "output", answer["description"], files=[labels])
    tensors = {2: _vector(builder, [inputs]), 3: _vector(builder, [outputs])}
    graph = _table(builder, 9, {number: ("offset", of) for number, of in tensors.items()})
    texts = {
        index: ("offset", builder.CreateString(text))
        for index, text in ((0, manifest["name"]), (7, "1.0.0"))
    }
    root = _table(builder, 8, {**texts, 3: ("offset", _vector(builder, [graph]))})
    builder.Finish(root, _IDENTIFIER)
    return bytes(builder.Output())


def _tensor(
    builder: flatbuffers.Builder,
    name: str,
    description: str,
    content: int | None = None,
    files: Sequence[int] = (),
) -> int:
    fields = {
        0: ("offset", builder.CreateString(name)),
        1: ("offset", builder.CreateString(description)),
    }
    if content is not None:
        fields[3] = ("offset", content)
    if files:
        fields[6] = ("offset", _vector(builder, files))
    return _table(builder, 7, fields)


def _vector(builder: flatbuffers.Builder, offsets: Sequence[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return builder.EndVector()


def _table(builder: flatbuffers.Builder, fields: int, values: dict[int, tuple[str, int]]) -> int:
    """Write a table of so many fields; values are (type, value) by the field's number."""
    builder.StartObject(fields)
    for number, (kind, value) in values.items():
        if kind == "offset":
            builder.PrependUOffsetTRelativeSlot(number, value, 0)
        elif kind == "int8":
            builder.PrependInt8Slot(number, value, 0)
        else:
            builder.PrependUint8Slot(number, value, 0)
    return builder.EndObject()
